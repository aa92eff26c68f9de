/**
 * The contract: what every wrapped client must do, whatever client it is. As data, for any test runner.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { inspect, isDeepStrictEqual } from 'node:util'
import { CanonicalRedisError } from '../../errors.js'
import { phases, type Phase, type PhaseSource } from '../../phases/index.js'
import { channel, defineSchema, key } from '../../schema/index.js'
import type { ContractClient, ContractDriver } from './client.js'
import { bothLines, comparable, manners, namesIn, refusedInMulti, type Send } from './lines.js'
import { topics } from './topics.js'
import { walk, ways, type Stage } from './ways.js'

/** Keys and channels of one slot, so that commands with several of them run on a cluster. */
const schema = defineSchema({
  name: 'contract',
  keys: { step: key('step:{t}:<id>').alias('job:{t}:<id>') },
  channels: { events: channel('step:{t}').alias('job:{t}') },
})

/** Every key that the contract writes. */
const own = '*{t}*'

/** More to ask than is in the contract. */
export interface ContractOptions {
  /**
   * Command lines of yours by topic, `$a` being a managed key: `{ json: ['JSON.SET $a $ 1', 'JSON.GET $a'] }`. Each reply must
   * be that of a bare client, in every phase and every manner of sending.
   */
  readonly lines?: Readonly<Record<string, readonly string[]>>
}

/** One thing to ask of a client, in one phase. */
export interface ContractCase {
  /** What is asked: `hashes, in a pipeline`, `channels`; {@link contractParts} lists them. */
  readonly part: string
  /** Of the wrapped client. That of `every phase` begins in `alias`. */
  readonly phase: Phase
  /** Part and phase, for a list of tests. */
  readonly name: string
  /** Why the driver cannot be asked; then `run` is not to be called. */
  readonly skip: string | undefined
  /** Rejects with an AssertionError that says what differs. Removes the keys of the contract first: `*{t}*`. */
  readonly run: () => Promise<void>
}

/** The cases of one driver. They share connections, so they run one after the other. */
export interface Contract {
  readonly cases: readonly ContractCase[]
  /** Closes every client that was opened. */
  close(): Promise<void>
}

type Part = (stage: Stage) => Promise<void>

const everyPhase = 'every phase'

/**
 * The parts of the contract: what a driver may name in its `skips`.
 *
 * @returns the parts, in the order of the cases
 * @example
 * ```ts
 * contractParts() // ['strings, one by one', …, 'channels', 'shard channels', …]
 * ```
 */
export function contractParts(options: ContractOptions = {}): string[] {
  return [...Object.keys(partsOf(options)), everyPhase]
}

/**
 * The contract for one client. Nothing is opened before the first case runs.
 *
 * @param driver opens the client; on a server of its own, since messages of other clients would be counted
 * @throws {@link CanonicalRedisError} `E_BAD_OPTION` where the driver skips a part that there is not
 * @example
 * ```ts
 * const contract = contractFor(driver)
 * for (const { name, skip, run } of contract.cases) test(name, { skip }, run)
 * after(() => contract.close())
 * ```
 */
export function contractFor(driver: ContractDriver, options: ContractOptions = {}): Contract {
  const skips = checkedSkips(driver, contractParts(options))
  const clients = new Clients(driver)
  const caseOf = (part: string, phase: Phase, run: Part): ContractCase => ({
    part,
    phase,
    name: `${part}, in ${phase}`,
    skip: skips[part],
    run: async () => run(await clients.stage(phase)),
  })
  const parts = Object.entries(partsOf(options))
  return {
    cases: [
      ...phases.flatMap((phase) => parts.map(([part, run]) => caseOf(part, phase, run))),
      caseOf(everyPhase, phases[0], walk),
    ],
    close: () => clients.close(),
  }
}

/** By name. */
function partsOf({ lines = {} }: ContractOptions): Record<string, Part> {
  const ofLines = Object.entries({ ...topics, ...lines }).flatMap(([topic, some]) =>
    Object.entries(manners).map(([manner, send]): [string, Part] => {
      const sent = some.filter((line) => send !== manners['in a transaction'] || !refusedInMulti.has(line))
      return [`${topic}, ${manner}`, (stage) => answersLikeBare(stage, sent, send)]
    }),
  )
  return { ...Object.fromEntries(ofLines), ...ways }
}

/** The wrapped client, called by the two names in turn, answers what the bare one does, and by the names it was asked. */
async function answersLikeBare({ bare, redis }: Stage, lines: readonly string[], send: Send): Promise<void> {
  let turn = 0
  const both = lines.map((line) => bothLines(line, () => turn++))
  const expected = await send(
    bare,
    both.map((one) => one.bare),
  )
  const replies = await send(
    redis,
    both.map((one) => one.wrapped),
  )
  both.forEach(({ wrapped }, i) => {
    const line = wrapped.join(' ')
    const foreign = namesIn(replies[i]).filter((name) => !wrapped.includes(name))
    assert.deepEqual(foreign, [], `${line} was answered with a name that it did not speak of`)
    const [got, wanted] = [comparable(replies[i]), comparable(expected[i])]
    if (!isDeepStrictEqual(got, wanted)) {
      const message = `${line} was answered with ${inspect(got)}; a bare client gives ${inspect(wanted)}`
      throw new assert.AssertionError({ message, actual: got, expected: wanted, operator: 'deepStrictEqual' })
    }
  })
}

function checkedSkips({ skips = {} }: ContractDriver, parts: readonly string[]): Readonly<Record<string, string>> {
  const unknown = Object.keys(skips).find((part) => !parts.includes(part))
  if (unknown === undefined) return skips
  throw new CanonicalRedisError('E_BAD_OPTION', `the contract has no part "${unknown}" that could be skipped`, {
    hint: `contractParts() lists them: ${parts.slice(0, 3).join(' · ')} · …`,
  })
}

/** The clients of one driver: a bare one, one for each phase, and what the cases open beside them. */
class Clients {
  readonly #open = new Set<Promise<ContractClient>>()
  readonly #byPhase = new Map<Phase, Promise<ContractClient>>()
  #bare: Promise<ContractClient> | undefined

  constructor(readonly driver: ContractDriver) {}

  /** What a case has in hand; none of the contract's keys is there. */
  async stage(phase: Phase): Promise<Stage> {
    const bare = await (this.#bare ??= this.#keep(this.driver.open()))
    for (const name of await bare.scan(own)) await bare.send(['DEL', name], name)
    const another = (source: Phase | PhaseSource): Promise<ContractClient> => this.#wrapped(source)
    const redis = this.#byPhase.get(phase) ?? another(phase)
    this.#byPhase.set(phase, redis)
    return { phase, bare, redis: await redis, another }
  }

  async close(): Promise<void> {
    for (const one of await Promise.allSettled(this.#open)) if (one.status === 'fulfilled') await one.value.close()
  }

  #wrapped(phase: Phase | PhaseSource): Promise<ContractClient> {
    return this.#keep(this.driver.open({ schema, phase }))
  }

  #keep(client: Promise<ContractClient>): Promise<ContractClient> {
    this.#open.add(client)
    return client
  }
}
