/**
 * What all connections of one server in memory share: the databases, the scripts, and one queue.
 *
 * @module
 */
import { commandRows } from '../../commands/index.js'
import { bitCommands } from './bits.js'
import { bitfieldCommands } from './bitfield.js'
import { flushesAll, integer, type Commands, type Context } from './command.js'
import { dumpCommands } from './dump.js'
import { hashCommands } from './hashes.js'
import { keyCommands } from './keys.js'
import { lcsCommands } from './lcs.js'
import { lacking, lackingWord } from './lacks.js'
import { listCommands } from './lists.js'
import { OK, ReplyError, Status, type Reply } from './resp.js'
import { Scripts } from './script.js'
import { setCommands } from './sets.js'
import { sortCommands } from './sort.js'
import { sortedSetRangeCommands } from './sorted-set-ranges.js'
import { sortedSetCommands } from './sorted-sets.js'
import { Database } from './store.js'
import { streamGroupCommands } from './stream-groups.js'
import { streamInfoCommands } from './stream-info.js'
import { streamCommands } from './streams.js'
import { stringCommands } from './strings.js'
import { Waiters } from './waiters.js'
import { unwaitingCommands, waits } from './waits.js'

/** How many databases there are, as in Redis' own configuration. */
export const DATABASES = 16

const dataCommands: Commands = Object.assign(Object.create(null) as object, {
  ...keyCommands,
  ...stringCommands,
  ...bitCommands,
  ...bitfieldCommands,
  ...lcsCommands,
  ...dumpCommands,
  ...hashCommands,
  ...listCommands,
  ...setCommands,
  ...sortedSetCommands,
  ...sortedSetRangeCommands,
  ...sortCommands,
  ...streamCommands,
  ...streamGroupCommands,
  ...streamInfoCommands,
  ...unwaitingCommands,
})

/** Commands that came later than others, so that an older server can be faked. */
const since: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  copy: [6, 2],
  getdel: [6, 2],
  getex: [6, 2],
  smismember: [6, 2],
  zmscore: [6, 2],
  expiretime: [7, 0],
  pexpiretime: [7, 0],
}

/** Commands that Redis has, by their first word. */
const known: ReadonlySet<string> = new Set(commandRows.map(({ name }) => name.split(' ')[0] as string))

/** The beginning of the arguments is shown, up to as many bytes in all as Redis shows. */
function unknownCommand(name: string, args: readonly string[]): ReplyError {
  let shown = ''
  for (const arg of args) {
    if (shown.length >= 128) break
    shown += `'${arg.slice(0, 128 - shown.length)}' `
  }
  return new ReplyError(`ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${shown}`)
}

/** Somebody who watches keys. */
export interface Watcher {
  /** A watched key changed. */
  touched(id: string): void
}

/** One server's data, and the commands that need no connection. */
export class Engine {
  readonly #databases: Database[]
  readonly #scripts = new Scripts()
  readonly #watchers = new Set<Watcher>()
  readonly #absent: ReadonlySet<string>
  #queue: Promise<unknown> = Promise.resolve()
  /** Who waits for a key. */
  readonly waiters = new Waiters()

  /** @param version what INFO says */
  constructor(readonly version: string) {
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const lacks = Object.entries(since).filter(([, from]) => major < from[0] || (major === from[0] && minor < from[1]))
    this.#absent = new Set(lacks.map(([command]) => command))
    this.#databases = Array.from({ length: DATABASES }, (_, index) => {
      return new Database((key) => {
        for (const watcher of this.#watchers) watcher.touched(`${index}:${key}`)
      })
    })
  }

  /** Work of any connection, one piece after the other: a transaction is one piece. */
  inTurn(work: () => void): Promise<void> {
    const done = this.#queue.then(() => {
      work()
      this.waiters.serve()
    })
    this.#queue = done.catch(() => undefined)
    return done
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher)
  }

  database(index: number): Database {
    const db = this.#databases[index]
    if (db === undefined) throw new ReplyError('ERR DB index is out of range')
    return db
  }

  /** Why a command cannot be queued or run, or undefined. */
  refusal(word: string, args: readonly string[]): ReplyError | undefined {
    const name = word.toLowerCase()
    const isThere = !this.#absent.has(name)
    if (isThere && name in scriptCommands) return undefined
    const command = dataCommands[name]
    if (command === undefined || !isThere) {
      if (isThere && known.has(name)) return lacking(name)
      return unknownCommand(word, args)
    }
    const [min, max] = command
    const fits = args.length >= min && (max === -1 || args.length <= max)
    return fits ? undefined : new ReplyError(`ERR wrong number of arguments for '${name}' command`)
  }

  /** Runs one command in a database. @throws ReplyError */
  run(word: string, args: readonly string[], db: number): Reply {
    const name = word.toLowerCase()
    const refusal = this.refusal(word, args)
    if (refusal) throw refusal
    const script = scriptCommands[name]
    if (script) return script(this, args, db)
    const [, , run] = dataCommands[name] ?? []
    return run ? run(this.contextOf(db), ...args) : null
  }

  /** Runs a loaded script. Its SELECT is its own, as in Redis. */
  evaluate(sha: string, rest: readonly string[], db: number, isReadOnly: boolean): Reply {
    const count = Number(rest[0])
    if (!Number.isInteger(count)) throw new ReplyError('ERR value is not an integer or out of range')
    if (count < 0) throw new ReplyError("ERR Number of keys can't be negative")
    if (count > rest.length - 1) throw new ReplyError("ERR Number of keys can't be greater than number of args")
    let selected = db
    return this.#scripts.eval(sha, rest.slice(1, 1 + count), rest.slice(1 + count), ([word = '', ...args]) => {
      const name = word.toLowerCase()
      if (name === 'select') {
        selected = this.indexOf(args[0])
        return OK
      }
      if (!known.has(name)) throw new ReplyError('ERR Unknown Redis command called from script')
      if (notInScripts.has(name)) throw new ReplyError('ERR This Redis command is not allowed from script')
      if (isReadOnly && writes.has(name)) {
        throw new ReplyError('ERR Write commands are not allowed from read-only scripts.')
      }
      return this.run(word, args, selected)
    })
  }

  /** The number of a database. @throws ReplyError */
  indexOf(text: string | undefined): number {
    const index = integer(text)
    this.database(index)
    return index
  }

  get scripts(): Scripts {
    return this.#scripts
  }

  flushAll(): void {
    for (const db of this.#databases) db.clear()
  }

  /** Where the commands of a database run. */
  contextOf(db: number): Context {
    return { db: this.database(db), database: (index) => this.database(this.indexOf(index)) }
  }
}

/** Newer servers let scripts pop without waiting; 7.0 does not. XREAD may be called, and does not wait. */
const notInScripts: ReadonlySet<string> = new Set([
  ...commandRows.filter(({ flags }) => flags.includes('noscript')).map(({ name }) => name),
  ...Object.keys(waits).filter((name) => !name.startsWith('xread')),
])

const writes: ReadonlySet<string> = new Set(
  commandRows.filter(({ flags }) => flags.includes('write')).map(({ name }) => name),
)

type ScriptCommand = (engine: Engine, args: readonly string[], db: number) => Reply

const evaluated =
  (isReadOnly: boolean): ScriptCommand =>
  (engine, [source = '', ...rest], db) =>
    engine.evaluate(engine.scripts.load(source), rest, db, isReadOnly)

const evaluatedBySha =
  (isReadOnly: boolean): ScriptCommand =>
  (engine, [sha = '', ...rest], db) =>
    engine.evaluate(sha, rest, db, isReadOnly)

/** Commands that need the engine itself. */
const scriptCommands: Readonly<Record<string, ScriptCommand>> = Object.assign(Object.create(null) as object, {
  eval: evaluated(false),
  eval_ro: evaluated(true),
  evalsha: evaluatedBySha(false),
  evalsha_ro: evaluatedBySha(true),
  script: (engine, [word = '', ...rest]) => {
    const answers: Record<string, () => Reply> = {
      load: () => engine.scripts.load(rest[0] ?? ''),
      exists: () => rest.map((sha) => (engine.scripts.has(sha) ? 1 : 0)),
      flush: () => {
        engine.scripts.flush()
        return new Status('OK')
      },
    }
    const answer = answers[word.toLowerCase()]
    if (answer === undefined) throw lackingWord('script', word)
    return answer()
  },
  flushall: (engine, words) => {
    flushesAll(words)
    engine.flushAll()
    return OK
  },
} satisfies Record<string, ScriptCommand>)
