/**
 * One connection to the server in memory: its database, its transaction, its subscriptions.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import type { Channels } from './channels.js'
import { LACKS, lacking, type Engine, type Watcher } from './engine.js'
import { Requests } from './requests.js'
import { encode, NULL_ARRAY, OK, ReplyError, Status, type Reply } from './resp.js'

/** A reply; nothing for what has written its own (SUBSCRIBE answers once for each channel). */
type Answer = Reply | undefined

interface Queued {
  readonly name: string
  readonly args: readonly string[]
}

/** Parses what comes, runs it in turn, and answers. */
export class Connection implements Watcher {
  readonly #requests = new Requests()
  #db = 0
  #queued: Queued[] | undefined
  /** What could not be queued, so that EXEC does nothing. */
  #refused: ReplyError | undefined
  readonly #watched = new Set<string>()
  #dirty = false

  constructor(
    readonly id: number,
    readonly socket: Duplex,
    readonly engine: Engine,
    readonly channels: Channels,
  ) {
    socket.on('data', (data: Buffer) => this.#accept(data))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      channels.leave(this)
      this.#unwatch()
    })
  }

  touched(id: string): void {
    if (this.#watched.has(id)) this.#dirty = true
  }

  /** Writes a message or a reply. */
  push(reply: Reply): void {
    this.#write(encode(reply))
  }

  #write(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1')
  }

  #end(message: string): void {
    this.#write(encode(new ReplyError(message)))
    this.socket.end()
  }

  #accept(data: Buffer): void {
    try {
      for (const [word = '', ...args] of this.#requests.read(data)) {
        void this.engine.inTurn(() => this.#answer(word.toLowerCase(), args))
      }
    } catch (error) {
      this.#end(`ERR Protocol error: ${(error as Error).message}`)
    }
  }

  #answer(name: string, args: readonly string[]): void {
    let answer: Answer
    try {
      answer = this.#run(name, args)
    } catch (error) {
      // A mistake of ours: whoever waits for the reply has to hear of it.
      answer = error instanceof ReplyError ? error : new ReplyError(`ERR the mock broke: ${String(error)}`)
    }
    if (answer !== undefined) this.push(answer)
    if (name === 'quit') this.socket.end()
  }

  #run(name: string, args: readonly string[]): Answer {
    if (this.#queued !== undefined && !transactionWords.has(name)) return this.#enqueue(name, args)
    if (this.channels.has(this) && !subscriberWords.has(name)) {
      throw new ReplyError(
        `ERR Can't execute '${name}': only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT are allowed in this context`,
      )
    }
    const own = ownCommands[name]
    return own ? own.call(this, args) : this.engine.run(name, args, this.#db)
  }

  #enqueue(name: string, args: readonly string[]): Reply {
    const refusal = name in ownCommands ? undefined : this.engine.refusal(name, args)
    if (refusal) {
      this.#refused ??= refusal
      throw refusal
    }
    this.#queued?.push({ name, args })
    return new Status('QUEUED')
  }

  multi(): Reply {
    if (this.#queued) throw new ReplyError('ERR MULTI calls can not be nested')
    this.#queued = []
    this.#refused = undefined
    return OK
  }

  discard(): Reply {
    if (!this.#queued) throw new ReplyError('ERR DISCARD without MULTI')
    this.#queued = undefined
    this.#unwatch()
    return OK
  }

  /** Runs what was queued as one piece: an error of one command does not stop the others. */
  exec(): Answer {
    const queued = this.#queued
    if (queued === undefined) throw new ReplyError('ERR EXEC without MULTI')
    this.#queued = undefined
    const dirty = this.#dirty
    this.#unwatch()
    if (this.#refused) throw aborted(this.#refused)
    if (dirty) {
      this.#write(NULL_ARRAY)
      return undefined
    }
    const replies: Reply[] = []
    for (const { name, args } of queued) {
      try {
        replies.push(this.#run(name, args) ?? null)
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error
        replies.push(error)
      }
    }
    return replies
  }

  watchKeys(names: readonly string[]): Reply {
    for (const name of names) this.#watched.add(`${this.#db}:${name}`)
    this.engine.watch(this)
    return OK
  }

  unwatchKeys(): Reply {
    this.#unwatch()
    return OK
  }

  #unwatch(): void {
    this.#watched.clear()
    this.#dirty = false
    this.engine.unwatch(this)
  }

  select(index: string | undefined): Reply {
    this.#db = this.engine.indexOf(index)
    return OK
  }
}

/** Says which command the mock lacks, since nobody may look at the replies of the commands before EXEC. */
const aborted = ({ message }: ReplyError): ReplyError =>
  new ReplyError(
    `EXECABORT Transaction discarded because of previous errors.${message.endsWith(LACKS) ? ` ${message}` : ''}`,
  )

const transactionWords: ReadonlySet<string> = new Set(['multi', 'exec', 'discard', 'watch', 'quit'])
const subscriberWords: ReadonlySet<string> = new Set([
  'subscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'ping',
  'quit',
])

type Own = (this: Connection, args: readonly string[]) => Answer

/** Commands that depend on the connection. */
const ownCommands: Readonly<Record<string, Own>> = Object.assign(Object.create(null) as object, {
  multi() {
    return this.multi()
  },
  exec() {
    return this.exec()
  },
  discard() {
    return this.discard()
  },
  watch(names) {
    return this.watchKeys(names)
  },
  unwatch() {
    return this.unwatchKeys()
  },
  select([index]) {
    return this.select(index)
  },
  ping([text]) {
    if (this.channels.has(this)) return ['pong', text ?? '']
    return text ?? new Status('PONG')
  },
  quit: () => OK,
  info() {
    return [
      '# Server',
      `redis_version:${this.engine.version}`,
      'redis_mode:standalone',
      `process_id:${process.pid}`,
      '# Persistence',
      'loading:0',
      '# Replication',
      'role:master',
      '',
    ].join('\r\n')
  },
  wait: () => 0,
  client([word = '']) {
    const answers: Record<string, Reply> = { id: this.id, setinfo: OK, setname: OK, getname: null }
    const answer = answers[word.toLowerCase()]
    if (answer === undefined) throw lacking(`client ${word.toLowerCase()}`)
    return answer
  },
  publish([channel = '', message = '']) {
    return this.channels.publish(channel, message)
  },
  subscribe(names) {
    return this.channels.change(this, 'subscribe', names)
  },
  unsubscribe(names) {
    return this.channels.change(this, 'unsubscribe', names)
  },
  psubscribe(names) {
    return this.channels.change(this, 'psubscribe', names)
  },
  punsubscribe(names) {
    return this.channels.change(this, 'punsubscribe', names)
  },
  pubsub(args) {
    return this.channels.ask(args)
  },
} satisfies Record<string, Own>)
