/**
 * Scripts over many logical keys: grouped by server and slot, sent in bursts, and again where an answer was "not here"
 * or "not now".
 *
 * @module
 */
import { isAscii } from 'node:buffer'
import type { Port, Reply } from '../clients/port.js'
import type { Server } from '../clients/servers.js'
import type { Arg } from '../commands/index.js'
import { CanonicalRedisError } from '../errors.js'
import { printable, type Job, type Place } from './names.js'
import { HOLD_MS, type Script } from './scripts/index.js'
import { ServerLost, type Session } from './session.js'

/** What a script says of one logical key: words and numbers, or why it failed. */
export type Answer = readonly (string | number)[] | Error

/** The same as bytes. */
export type RawAnswer = readonly Reply[] | Error

/** The names of a logical key, and what scripts are told of its family. */
export type Keyed = Pick<Job, 'canonical' | 'aliases' | 'rule'>

/** Logical keys in one script call at most; the script itself stops earlier when they are large. */
const KEYS_PER_CALL = 100

/** A burst of calls should be over after this time: a server reads a whole burst before it serves anybody else. */
const BURST_MS = 2 * HOLD_MS

const LARGEST_BURST = 64

/** Answers that are none: the key is elsewhere by now, or the server will answer later. */
const NOT_NOW = /^(TRYAGAIN|LOADING|BUSY|NOREPLICAS) /
const NOT_HERE = /^(MOVED|ASK|CLUSTERDOWN|READONLY|MASTERDOWN) /

/** Some logical keys of one slot and with one rule, by their positions. */
interface Call {
  readonly keys: number[]
}

/** Runs scripts; one for a run. */
export class Calls {
  /** By address, how many calls go out at once. */
  readonly #bursts = new Map<string, number>()
  /** Scripts that a server has seen. */
  readonly #seen = new Set<string>()

  constructor(
    readonly session: Session,
    readonly over: number,
  ) {}

  /**
   * Runs a script over logical keys: one answer each, in order. A logical key is handled in one atomic piece.
   * Rejects only when a connection fails, and no successor comes.
   */
  async run(script: Script, flags: string, jobs: readonly Keyed[]): Promise<Answer[]> {
    return (await this.raw(script, flags, jobs)).map(toWords)
  }

  /** As {@link run}, for replies that hold bytes. */
  async raw(script: Script, flags: string, jobs: readonly Keyed[]): Promise<RawAnswer[]> {
    const answers = new Array<RawAnswer | undefined>(jobs.length)
    const slots = jobs.map((job) => this.#slotOf(job))
    slots.forEach((slot, i) => {
      if (slot === undefined) answers[i] = crossSlot(jobs[i]!)
    })
    const excuses = new Map<number, Error>()
    const patience = this.session.patience()
    for (;;) {
      const left = [...jobs.keys()].filter((i) => answers[i] === undefined)
      if (left.length === 0) return answers as RawAnswer[]
      const trouble = await this.#round({ script, flags, jobs, slots, answers, left, excuses })
      if (trouble === undefined) continue
      try {
        await patience.wait(reasonOf(trouble), trouble)
        await this.session.refresh()
      } catch (error) {
        // The server did answer, if only "not now": then it is these keys that fail, and the run goes on.
        if (error !== trouble) throw error
        for (const i of left) if (answers[i] === undefined) answers[i] = excuses.get(i) ?? trouble
      }
    }
  }

  /** Sends what is left to whom it belongs; gives the reason when something has to be sent again. */
  async #round(round: Round): Promise<Error | undefined> {
    const servers = await this.session.list()
    const owners = new Map<number, Server>()
    for (const server of servers) for (const slot of server.slots) owners.set(slot, server)
    const byServer = new Map<Server | undefined, number[]>()
    for (const i of round.left) {
      const owner = owners.get(round.slots[i]!)
      const mine = byServer.get(owner)
      if (mine) mine.push(i)
      else byServer.set(owner, [i])
    }
    const results = await Promise.all(
      [...byServer].map(async ([server, mine]) => {
        if (server === undefined) return new Error(`CLUSTERDOWN no server owns slot ${round.slots[mine[0]!]}`)
        return this.#onServer(server, mine, round).catch((error: unknown) => {
          if (error instanceof ServerLost) return error
          throw error
        })
      }),
    )
    return results.find((result) => result !== undefined)
  }

  async #onServer(server: Server, mine: readonly number[], round: Round): Promise<Error | undefined> {
    const port = await this.session.port(server)
    const calls = grouped(mine, round)
    let trouble: Error | undefined
    while (calls.length > 0) {
      const burst = this.#bursts.get(server.address) ?? 4
      const part = calls.splice(0, burst)
      const began = performance.now()
      const replies = await this.session.on(server, () => this.#send(port, server, round, part))
      this.#adapt(server, burst, part.length, performance.now() - began)
      part.forEach((call, c) => {
        const reply = replies[c]!
        if (!(reply instanceof Error)) {
          ;(reply as Reply[][]).forEach((answer, k) => {
            trouble = this.#note(round, call.keys[k]!, failureOf(answer) ?? answer) ?? trouble
          })
          const rest = call.keys.slice((reply as Reply[]).length)
          if (rest.length > 0) calls.unshift({ keys: rest })
        } else if (this.#isTransient(reply)) {
          for (const i of call.keys) round.excuses.set(i, reply)
          trouble = reply
        } else if (call.keys.length === 1) round.answers[call.keys[0]!] = reply
        // The server refuses a call for any one of its keys (an ACL, say): one by one, it is that key alone.
        else calls.unshift(...call.keys.map((i) => ({ keys: [i] })))
      })
    }
    return trouble
  }

  /** An answer, unless it is one that the next try may change. */
  #note({ answers, excuses }: Round, i: number, answer: RawAnswer): Error | undefined {
    if (!(answer instanceof Error) || !this.#isTransient(answer)) {
      answers[i] = answer
      return undefined
    }
    excuses.set(i, answer)
    return answer
  }

  #isTransient({ message }: Error): boolean {
    return NOT_NOW.test(message) || (this.session.servers.haveSuccessors && NOT_HERE.test(message))
  }

  async #send(port: Port, server: Server, round: Round, calls: readonly Call[]): Promise<(Reply | Error)[]> {
    const id = `${server.address} ${round.script.sha}`
    const lines = calls.map((call) => this.#tail(round, call))
    // The first call of a script carries its text; all that follow find it there.
    const first = this.#seen.has(id) ? byName(round.script) : byText(round.script)
    const replies = await port.pipeline(lines.map((tail, c) => [...(c === 0 ? first : byName(round.script)), ...tail]))
    this.#seen.add(id)
    const unknown = [...calls.keys()].filter((c) => isNoScript(replies[c]))
    if (unknown.length === 0) return replies
    // A server that was restarted, or told to forget its scripts.
    const again = await port.pipeline(
      unknown.map((c, k) => [...(k === 0 ? byText : byName)(round.script), ...lines[c]!]),
    )
    unknown.forEach((c, k) => (replies[c] = again[k]!))
    return replies
  }

  #tail({ jobs, flags }: Round, { keys }: Call): Arg[] {
    const names: Arg[] = []
    const places: Arg[] = []
    for (const i of keys) {
      const { canonical, aliases } = jobs[i]!
      names.push(light(canonical))
      places.push(String(aliases.length))
      for (const { name, db } of aliases) {
        names.push(light(name))
        places.push(String(db))
      }
    }
    const rule = jobs[keys[0]!]?.rule
    const words = rule === undefined ? flags : `${flags} ${rule}`
    return [String(names.length), ...names, String(this.session.home), words, String(this.over), ...places]
  }

  /** Twice as many when the last burst was quick, half as many when it was slow. */
  #adapt({ address }: Server, burst: number, sent: number, took: number): void {
    if (took > 2 * BURST_MS && burst > 1) this.#bursts.set(address, Math.ceil(burst / 2))
    else if (took < BURST_MS && sent === burst) this.#bursts.set(address, Math.min(burst * 2, LARGEST_BURST))
  }

  /** The slot of all the names; undefined when there is none. */
  #slotOf({ canonical, aliases }: Keyed): number | undefined {
    const { servers } = this.session
    if (!servers.isCluster) return 0
    const slot = servers.slotOf(canonical)
    return aliases.every(({ name }) => servers.slotOf(name) === slot) ? slot : undefined
  }
}

const reasonOf = (trouble: Error): string =>
  trouble instanceof ServerLost ? `a successor (${trouble.message})` : `the server, which says: ${trouble.message}`

interface Round {
  readonly script: Script
  readonly flags: string
  readonly jobs: readonly Keyed[]
  readonly slots: readonly (number | undefined)[]
  readonly answers: (RawAnswer | undefined)[]
  readonly left: readonly number[]
  /** By position, the last "not now". */
  readonly excuses: Map<number, Error>
}

/** The name as clients write it quickest: a Buffer among texts costs ioredis three times as much as a text. */
const light = (name: Buffer): Arg => (isAscii(name) ? name.toString('latin1') : name)

const byName = ({ sha }: Script): Arg[] => ['EVALSHA', sha]
const byText = ({ lua }: Script): Arg[] => ['EVAL', lua]

const isNoScript = (reply: Reply | Error | undefined): boolean =>
  reply instanceof Error && reply.message.startsWith('NOSCRIPT')

/** Calls of one slot and one rule each. */
function grouped(mine: readonly number[], { slots, jobs }: Pick<Round, 'slots' | 'jobs'>): Call[] {
  const open = new Map<number | string, Call>()
  const calls: Call[] = []
  for (const i of mine) {
    const rule = jobs[i]!.rule
    const kind = rule === undefined ? slots[i]! : `${slots[i]!} ${rule}`
    let call = open.get(kind)
    if (call === undefined || call.keys.length === KEYS_PER_CALL) {
      calls.push((call = { keys: [] }))
      open.set(kind, call)
    }
    call.keys.push(i)
  }
  return calls
}

function failureOf(answer: readonly Reply[]): Error | undefined {
  return String(answer[0]) === 'error' ? new Error(String(answer[1])) : undefined
}

function toWords(answer: RawAnswer): Answer {
  if (answer instanceof Error) return answer
  return answer.map((word) => (typeof word === 'number' ? word : String(word)))
}

/** Nothing can be done with such a pair in one piece. */
function crossSlot({ canonical, aliases }: Keyed): CanonicalRedisError {
  const names = [canonical, ...aliases.map(({ name }: Place) => name)].map((name) => `"${printable(name)}"`)
  return new CanonicalRedisError(
    'E_CROSS_SLOT',
    `Expected the names of a key to lie in one slot of the cluster, but ${names.join(' and ')} do not.`,
    {
      hint: `Put the old name into braces, as in "v2:{${printable(aliases[0]?.name ?? canonical)}}": then both have its slot.`,
    },
  )
}
