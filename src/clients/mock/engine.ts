/**
 * What all connections of one embedded server share: the databases, the scripts, the channels, and one queue.
 *
 * @module
 */
import { Borrowed, isBorrowed } from './borrowed.js'
import { type Context } from './command.js'
import { keyCommands } from './keys.js'
import { OK, ReplyError, type Reply } from './resp.js'
import { Scripts } from './script.js'
import { Database } from './store.js'
import { valueCommands } from './values.js'

/** How many databases there are, as in Redis' own configuration. */
const DATABASES = 16

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

/** Somebody who watches keys. */
export interface Watcher {
  /** A watched key changed. */
  touched(id: string): void
}

/** One server's data, and the commands that need no connection. */
export class Engine {
  readonly #databases: Database[]
  readonly #borrowed: Borrowed[]
  readonly #scripts = new Scripts()
  readonly #watchers = new Set<Watcher>()
  readonly #absent: ReadonlySet<string>
  #queue: Promise<unknown> = Promise.resolve()

  constructor(
    readonly version: string,
    name: string,
  ) {
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const lacks = Object.entries(since).filter(([, from]) => major < from[0] || (major === from[0] && minor < from[1]))
    this.#absent = new Set(lacks.map(([command]) => command))
    this.#databases = Array.from({ length: DATABASES }, (_, index) => {
      return new Database((key) => {
        for (const watcher of this.#watchers) watcher.touched(`${index}:${key}`)
      })
    })
    this.#borrowed = this.#databases.map((db, index) => new Borrowed(db, `${name}-${index}`))
  }

  /** Work of any connection, one piece after the other: a transaction is one piece. */
  inTurn(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work)
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
  refusal(name: string, args: readonly string[]): ReplyError | undefined {
    const isKnown = !this.#absent.has(name)
    if (isKnown && (isBorrowed(name) || name in scriptCommands)) return undefined
    const command = keyCommands[name] ?? valueCommands[name]
    if (command === undefined || !isKnown) {
      const shown = args.slice(0, 3).map((arg) => `'${arg.slice(0, 128)}'`)
      return new ReplyError(`ERR unknown command '${name}', with args beginning with: ${shown.join(' ')}`)
    }
    const [min, max] = command
    const fits = args.length >= min && (max === -1 || args.length <= max)
    return fits ? undefined : new ReplyError(`ERR wrong number of arguments for '${name}' command`)
  }

  /** Runs one command in a database. @throws ReplyError */
  run(name: string, args: readonly string[], db: number): Reply | Promise<Reply> {
    const refusal = this.refusal(name, args)
    if (refusal) throw refusal
    const script = scriptCommands[name]
    if (script) return script(this, args, db)
    if (isBorrowed(name)) return (this.#borrowed[db] as Borrowed).run(name, args)
    const [, , run] = keyCommands[name] ?? valueCommands[name] ?? []
    return run ? run(this.#context(db), ...args) : null
  }

  /** Runs a loaded script. Its SELECT is its own, as in Redis. */
  evaluate(sha: string, rest: readonly string[], db: number): Reply {
    const count = Number(rest[0])
    if (!Number.isInteger(count) || count < 0) throw new ReplyError('ERR value is not an integer or out of range')
    if (count > rest.length - 1) throw new ReplyError("ERR Number of keys can't be greater than number of args")
    let selected = db
    return this.#scripts.eval(sha, rest.slice(1, 1 + count), rest.slice(1 + count), ([word = '', ...args]) => {
      const name = word.toLowerCase()
      if (name === 'select') {
        selected = this.indexOf(args[0])
        return OK
      }
      if (name === 'time') return now()
      if (isBorrowed(name)) throw new ReplyError(`ERR the embedded server cannot run ${word} inside a script`)
      if (name in scriptCommands) throw new ReplyError('ERR This Redis command is not allowed from script')
      return this.run(name, args, selected) as Reply
    })
  }

  /** The number of a database. @throws ReplyError */
  indexOf(text: string | undefined): number {
    const index = Number(text)
    if (!/^\d+$/.test(text ?? '')) throw new ReplyError('ERR invalid DB index')
    this.database(index)
    return index
  }

  get scripts(): Scripts {
    return this.#scripts
  }

  flushAll(): void {
    for (const db of this.#databases) db.clear()
  }

  #context(db: number): Context {
    return { db: this.database(db), database: (index) => this.database(this.indexOf(index)) }
  }
}

type ScriptCommand = (engine: Engine, args: readonly string[], db: number) => Reply

/** Commands that need the engine itself. */
const scriptCommands: Readonly<Record<string, ScriptCommand>> = Object.assign(Object.create(null) as object, {
  eval: (engine, [source = '', ...rest], db) => engine.evaluate(engine.scripts.load(source), rest, db),
  evalsha: (engine, [sha = '', ...rest], db) => engine.evaluate(sha, rest, db),
  script: (engine, [word = '', ...rest]) => {
    if (word.toLowerCase() === 'load') return engine.scripts.load(rest[0] ?? '')
    if (word.toLowerCase() === 'exists') return rest.map((sha) => (engine.scripts.has(sha) ? 1 : 0))
    throw new ReplyError(`ERR unknown subcommand '${word}'. The embedded server has LOAD and EXISTS.`)
  },
  flushall: (engine) => {
    engine.flushAll()
    return OK
  },
} satisfies Record<string, ScriptCommand>)

function now(): Reply {
  const ms = Date.now()
  return [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)]
}
