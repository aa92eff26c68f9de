/**
 * The mirrors that do not copy: after any command whose row says `replay` or `effect`, from any start, both names of
 * each key that it wrote hold the same to the millisecond: value, expiry, expiries of fields, groups, pending entries.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CanonicalRedisClient, defineSchema, key } from '../../src/index.js'
import { lookup, type Arg } from '../../src/commands/index.js'
import { plan, type PlanContext, type Step } from '../../src/plan/index.js'
import { Clients } from '../support/clients.js'
import { casesOf, rowsOn, shapesOf, type Case } from '../support/mirrors/cases.js'
import { World, type Sabotage } from '../support/mirrors/world.js'
import { schema } from '../support/twin/keys.js'
import { availableServers, startServer, type ServerKind, type TestServer } from '../support/servers.js'

const RUNS = Number(process.env['RECIPE_RUNS'] ?? 30)
/** As a failure prints it, to run the same cases again. */
const SEED = process.env['RECIPE_SEED']

describe.each(availableServers())('on %s', (kind) => {
  let server: TestServer
  let clients: Clients
  let world: World
  /** Lines that were answered without an error, by command and by the way they were mirrored. */
  const answered = new Map<string, number>()

  beforeAll(async () => {
    server = await startServer({ kind })
    // RESP2 on one server, RESP3 on the others: beside a WATCH a recipe runs in the shapes of the connection.
    clients = new Clients(kind === 'valkey-8.1' ? 'ioredis 5' : 'ioredis 6', server.port)
    world = new World(clients, kind)
    await world.open()
  })
  afterAll(async () => {
    clients.close()
    await server.stop()
  })

  /** The first case that leaves the names different, made as small as it gets; or undefined. */
  async function search(name: string, runs: number, sabotage?: Sabotage): Promise<string | undefined> {
    const cases = casesOf(shapesOf(lookup(name.split(' '))!, kind), kind)
    const property = fc.asyncProperty(cases, async (one) => {
      const { command, way, done, fault } = await world.run(sabotage ? { ...one, manner: 'slow' } : one, sabotage)
      const id = `${command} by ${way}`
      if (done) answered.set(id, (answered.get(id) ?? 0) + 1)
      if (fault !== undefined) throw new Error(`${shown(one)}\n${JSON.stringify(fault, null, 1)}`)
    })
    const details = await fc.check(property, { numRuns: runs, ...(SEED && { seed: Number(SEED) }) })
    return details.failed
      ? `${(details.errorInstance as Error).message}\nagain: RECIPE_SEED=${details.seed}`
      : undefined
  }

  describe('both names are equal after', () => {
    it.each(rowsOn(kind).map(({ name }) => name))('%s', async (name) => {
      expect(await search(name, RUNS)).toBeUndefined()
    })
  })

  it('every row that replays or brings over was tried, and answered', () => {
    const rows = rowsOn(kind).map(({ name, mirror }) => `${name} by ${mirror}`)
    expect(rows.filter((row) => !answered.has(row))).toEqual([])
    expect(rows.length).toBeGreaterThan(70)
  })

  it('nothing expires between the two commands of a replay: the clock of expiries stands still in a transaction', async () => {
    const raw = clients.raw()
    const lines = [
      'SET job:1 1 PX 30',
      'COPY job:1 step:1',
      'INCR job:1',
      'DEBUG SLEEP 0.1',
      'INCR step:1',
      'PEXPIRETIME job:1',
      'PEXPIRETIME step:1',
    ]
    const multi = raw.multi()
    for (const line of lines) multi.call(...words(line))
    const replies = (await multi.exec())!.map(([, reply]) => reply as number)
    // Where it had expired in between, INCR would have begun again at 1, without an expiry.
    expect(replies.slice(0, 5)).toEqual(['OK', 1, 2, 'OK', 2])
    expect(replies[5]).toBe(replies[6])
    expect(replies[5]).toBeGreaterThan(0)
    expect(await raw.exists('job:1', 'step:1')).toBe(0)
  })

  it.each([2, 3])('SPOP that is mirrored answers byte for byte as SPOP does, in RESP%i', async (protocol) => {
    const wire = await Wire.open(server.port)
    await wire.ask(['HELLO', String(protocol)])
    const prepare = [
      ['FLUSHDB'],
      ['SADD', 'bare', 'a\r\nb'],
      ['SADD', 'old:1', 'a\r\nb'],
      ['SET', 'bare:s', 'x'],
      ['SET', 'old:s', 'x'],
    ]
    for (const [name, rest] of spops) {
      for (const argv of prepare) await wire.ask(argv)
      const bare = await wire.ask(['SPOP', `bare${name}`, ...rest])
      const made = plan(['SPOP', name === '' ? 'old:1' : `old${name}`, ...rest], planContext)
      expect(made?.steps[made.op]?.argv[0]).toBe('EVAL')
      const mirrored = await wire.ask(made!.steps[made!.op]!.argv)
      expect(mirrored).toBe(bare)
    }
    wire.close()
  })

  it.each([
    ['EXPIRE job:1 1000', '-pexpireat', 'SET job:1 v'],
    ['XADD job:1 * f v', '-xrevrange', 'XADD job:1 1-1 f v'],
    ['SPOP job:1', '-srem', 'SADD job:1 1 2 3'],
    ['SPOP job:1 3', '-srem', 'SADD job:1 1 2 3'],
  ])('%s for a user with %s, which the recipe needs: what is left is copied', async (line, rule, start) => {
    const raw = clients.raw()
    await raw.flushdb()
    await raw.call(...words(start))
    await raw.copy('job:1', 'step:1')
    await raw.call('ACL', 'SETUSER', 'limited', 'on', 'nopass', 'allkeys', 'allchannels', '+@all', rule)
    const limited = new CanonicalRedisClient(clients.raw({ username: 'limited', password: 'any' }), {
      schema: jobs,
      phase: 'dual-write',
    })
    await limited.call(...words(line))
    const [first, second] = await Promise.all(['job:1', 'step:1'].map((name) => raw.dumpBuffer(name)))
    expect(second).toEqual(first)
    expect(await raw.pexpiretime('step:1')).toBe(await raw.pexpiretime('job:1'))
    await raw.call('ACL', 'DELUSER', 'limited')
  })

  describe('a mistake is found', () => {
    const here = mistakes.filter(({ only }) => only === undefined || only === kind)
    it.each(here)('$what ($command)', async ({ command, sabotage }) => {
      // The names differ; not that the broken plan threw.
      expect(await search(command, 300, sabotage)).toMatch(/"first": [^]*"second": /)
    })
  })
})

const jobs = defineSchema({ name: 'jobs', keys: { step: key('step:<id>').alias('job:<id>') } })

const words = (line: string): [string, ...string[]] => line.split(' ') as [string, ...string[]]

/** The end of a key's name, and what stands behind it: the only member, none, nothing there, and what is refused. */
const spops: readonly (readonly [name: string, rest: readonly string[]])[] = [
  ['', []],
  ['', ['1']],
  ['', ['5']],
  ['', ['0']],
  [':none', []],
  [':none', ['2']],
  [':s', []],
  ['', ['-1']],
  ['', ['x']],
  ['', ['1', '1']],
]

const planContext: PlanContext = {
  mapper: schema.mapper,
  phaseOf: () => 'dual-write',
  db: 0,
  inTransaction: false,
  unknownCommands: 'refuse',
}

/** A connection that shows the bytes of replies. A PING behind each command says where its reply ends. */
class Wire {
  private constructor(private readonly socket: Socket) {}

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Wire(socket.setEncoding('latin1'))
  }

  async ask(argv: readonly Arg[]): Promise<string> {
    const parts = argv.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg.toString()}\r\n`)
    this.socket.write(`*${argv.length}\r\n${parts.join('')}PING end-of-reply\r\n`)
    const end = '$12\r\nend-of-reply\r\n'
    let text = ''
    while (!text.endsWith(end)) text += String((await once(this.socket, 'data'))[0])
    return text.slice(0, -end.length)
  }

  close(): void {
    this.socket.destroy()
  }
}

interface Mistake {
  readonly what: string
  readonly command: string
  readonly sabotage: Sabotage
  readonly only?: ServerKind
}

const isCopy = ({ role, argv }: Step): boolean => role === 'mirror' && argv[0] === 'COPY'

/** The same steps in another order, or fewer. */
const arranged =
  (arrange: (steps: readonly Step[]) => readonly Step[]): Sabotage =>
  (plan) => {
    const steps = arrange(plan.steps)
    return { ...plan, steps, op: steps.indexOf(plan.steps[plan.op]!) }
  }

/** The caller's command on the second name, where a recipe was: `EVAL script 2 first second …`. */
const verbatim: Sabotage = (plan) => {
  const at = plan.steps.findIndex(({ role, argv }) => role !== 'supersede' && argv[0] === 'EVAL' && argv[2] === '2')
  const [, , , first, second, ...rest] = plan.steps[at]?.argv ?? []
  if (first === undefined || second === undefined) return plan
  const asked = at === plan.op ? ['SPOP', first, ...rest] : plan.steps[plan.op]!.argv
  const op: Step = { role: 'op', argv: asked }
  const again: Step = { role: 'mirror', argv: asked.map((arg) => (arg === first ? second : arg)) }
  const steps = plan.steps.flatMap((step, i) => {
    if (i === plan.op) return at === plan.op ? [op, again] : [op]
    return i === at ? [again] : [step]
  })
  return { ...plan, steps, op: steps.indexOf(op) }
}

const withoutCopy = arranged((steps) => steps.filter((step) => !isCopy(step)))
const copyBehind = arranged((steps) => [...steps.filter((step) => !isCopy(step)), ...steps.filter(isCopy)])

/** From Redis 7.2 on the clock stands still within a transaction, and a time that was replayed is the same. */
const where7 = { only: 'redis-7.0' } as const

const mistakes: readonly Mistake[] = [
  ...['incr', 'rpush', 'hset', 'zadd', 'xdel', 'rename', 'hpersist'].map((command) => ({
    what: 'a replay without the COPY in front',
    command,
    sabotage: withoutCopy,
    ...(command === 'hpersist' && ({ only: 'redis-8.0' } as const)),
  })),
  { what: 'a replay with the COPY behind', command: 'incr', sabotage: copyBehind },
  { what: 'an effect without the COPY in front', command: 'spop', sabotage: withoutCopy },
  { what: 'members drawn twice', command: 'spop', sabotage: verbatim },
  { what: 'a time from now on, twice', command: 'expire', sabotage: verbatim, ...where7 },
  { what: 'a time from now on, twice', command: 'getex', sabotage: verbatim, ...where7 },
  { what: 'an id from the clock, twice', command: 'xadd', sabotage: verbatim, ...where7 },
  { what: 'moments of delivery as they come', command: 'xreadgroup', sabotage: verbatim, ...where7 },
]

function shown({ phase, manner, line, starts, mix }: Case): string {
  const named = Object.entries(starts).filter(([name]) => line.includes(`$${name}`))
  return `${line.join(' ')} in ${phase}, ${manner}, mix ${mix}, from ${JSON.stringify(Object.fromEntries(named))}`
}
