/**
 * The quick way through a keyspace: where names are told from one another by text alone, the server takes a page of its
 * keys, works through it and gives back what is not so simple. Elsewhere, and for whatever is given back, names come to
 * this side, and go through the mapper.
 *
 * @module
 */
import type { Port, Reply } from '../../clients/port.js'
import type { Server } from '../../clients/servers.js'
import type { Arg } from '../../commands/index.js'
import type { FamilyInfo } from '../../schema/index.js'
import type { Run } from '../run.js'
import type { Page } from '../scan/pages.js'
import type { Walk } from '../scan/walks.js'
import { HOLD_MS, type PageRule, type PageScript, type Script } from '../scripts/index.js'
import { replacementsOf } from './patterns.js'

/** What is to be done to the keys of a page, and what comes of it. */
export interface ExpressPlan {
  readonly script: PageScript
  /** Does the script need both names in one database? */
  readonly isNear: boolean
  /** Asked before each page: false for the long way, this time. What it throws ends the run. */
  readonly isWanted: () => boolean
  /** Told how many keys of a family the server has dealt with, by the two counts of the script. */
  readonly count: (family: string, one: number, two: number) => void
}

/** Each name is tried against each rule: with more of them this side is quicker. */
const MOST_RULES = 8

/** A page has a batch of keys at most, and so many at least. */
const SMALLEST = 25

/** So many pages go the long way after one of which most was given back. */
const PAUSE = 8

interface Rule extends PageRule {
  readonly family: string
}

/** The quick way through one walk. */
export class Express {
  #pause = 0
  #count: number
  #isRefused = false

  private constructor(
    readonly run: Run,
    readonly plan: ExpressPlan,
    readonly rules: readonly Rule[],
    readonly script: Script,
    /** What the script is told besides cursor and COUNT. */
    readonly args: readonly Arg[],
  ) {
    this.#count = run.batch
  }

  /** The quick way for a walk; undefined where there is none. On a cluster a script has to name its keys beforehand. */
  static through(run: Run, walk: Walk, plan: ExpressPlan | undefined): Express | undefined {
    const { home, isCluster } = run.names
    const isFar = walk.db !== home
    if (plan === undefined || isCluster || run.settings.rate !== undefined || (isFar && plan.isNear)) return undefined
    // Sizes are what tells when the server has done enough for once.
    if (run.big.over === 0) return undefined
    const rules = rulesOf(run, walk)
    if (rules.length === 0) return undefined
    return new Express(run, plan, rules, plan.script(rules, isFar), [
      walk.match ?? '*',
      String(run.big.over),
      String(home),
    ])
  }

  /** May the next page go this way? */
  takesNext(): boolean {
    if (this.#isRefused || !this.plan.isWanted()) return false
    if (this.#pause === 0) return true
    this.#pause--
    return false
  }

  /** Has the server work through a page; undefined where it will not, and SCAN has to be asked. */
  async page(port: Port, server: Server, cursor: string): Promise<Page | undefined> {
    const count = this.#count
    await this.run.pacer.admit(server, count)
    const began = performance.now()
    const reply = await evaluate(port, this.script, [cursor, String(count), ...this.args])
    if (reply instanceof Error) {
      // It may not run scripts, or this one: SCAN will say so, or do.
      this.#isRefused = true
      return undefined
    }
    const [next, names, seen, isFull, ...counts] = reply as [Buffer, Buffer[], number, 0 | 1, ...number[]]
    this.#learn(isFull === 1, names.length / seen, performance.now() - began)
    return { names, next: next.toString(), count, settle: () => this.#settle(counts) }
  }

  /**
   * Fewer keys where they were more than the server should do at once, more where twice as many are not; none where it
   * is in vain.
   */
  #learn(isFull: boolean, left: number, took: number): void {
    if (isFull || took > 4 * HOLD_MS)
      this.#count = Math.min(this.#count, Math.max(SMALLEST, Math.ceil(this.#count / 2)))
    else if (took < HOLD_MS / 2) this.#count = Math.min(2 * this.#count, this.run.batch)
    if (!isFull && left > 0.5) this.#pause = PAUSE
  }

  #settle(counts: readonly number[]): void {
    this.rules.forEach(({ family }, i) => this.plan.count(family, counts[2 * i]!, counts[2 * i + 1]!))
  }
}

/** Rejects only when the connection fails. */
async function evaluate(port: Port, { lua, sha }: Script, args: readonly Arg[]): Promise<Reply | Error> {
  const [reply] = await port.pipeline([['EVALSHA', sha, '0', ...args]])
  if (!(reply instanceof Error) || !reply.message.startsWith('NOSCRIPT')) return reply!
  const [again] = await port.pipeline([['EVAL', lua, '0', ...args]])
  return again!
}

function rulesOf(run: Run, walk: Walk): Rule[] {
  const { names } = run
  const prefix = names.keyPrefix.toString('latin1')
  const rules: Rule[] = []
  for (const family of names.families) {
    const exchange = isPlain(names.schema.families.get(family)!) ? names.schema.mapper.exchange(family) : undefined
    const ways = exchange && replacementsOf(prefix, exchange)
    if (exchange === undefined || ways === undefined) continue
    const isHere = (exchange.db ?? names.home) === walk.db
    if (isHere) rules.push({ side: 'a', family, ...ways.a })
    if (isHere && walk.db === names.home) rules.push({ side: 'c', family, ...ways.c })
  }
  return rules.slice(0, MOST_RULES)
}

/** Whatever a family may be told besides its names is not known to the scripts of this way. */
function isPlain({ name: _name, canonical: _canonical, aliases: _aliases, queue, ...more }: FamilyInfo): boolean {
  return !queue && Object.values(more).every((value) => value === undefined)
}
