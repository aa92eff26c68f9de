/**
 * One connection to the server in memory: its database, its transaction, its subscriptions.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import { commandRows } from '../../commands/index.js'
import type { Channels } from './channels.js'
import type { Engine, Watcher } from './engine.js'
import { information } from './information.js'
import { LACKS, lackingWord } from './lacks.js'
import { Requests } from './requests.js'
import type { Waiter } from './waiters.js'
import { waits } from './waits.js'
import { encode, NULL_ARRAY, OK, ReplyError, Status, type Reply } from './resp.js'

/** A reply; nothing for what has written its own (SUBSCRIBE answers once for each channel). */
type Answer = Reply | undefined

/** A command; errors show its name as it was spelled. */
interface Queued {
  readonly word: string
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
  /** As CLIENT SETNAME calls it. */
  name = ''
  #waiting: Waiter | undefined
  /** What came while it waits. */
  #held: Queued[] = []

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
      if (this.#waiting) engine.waiters.leave(this.#waiting)
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
        void this.engine.inTurn(() => this.#answer({ word, args }))
      }
    } catch (error) {
      this.#end(`ERR Protocol error: ${(error as Error).message}`)
    }
  }

  #answer(command: Queued): void {
    if (this.#waiting) {
      this.#held.push(command)
      return
    }
    const name = command.word.toLowerCase()
    let answer: Answer
    try {
      answer = name in waits && !this.#queued ? this.#wait(name, command.args) : this.#run(command)
    } catch (error) {
      // A mistake of ours: whoever waits for the reply has to hear of it.
      answer = error instanceof ReplyError ? error : new ReplyError(`ERR the mock broke: ${String(error)}`)
    }
    if (answer !== undefined) this.push(answer)
    if (name === 'quit') this.socket.end()
  }

  /** Answers at once if it can; otherwise when there is something, or the time is over. */
  #wait(name: string, args: readonly string[]): Answer {
    const refusal = this.engine.refusal(name, args)
    if (refusal) throw refusal
    this.#mayRun(name)
    const context = this.engine.contextOf(this.#db)
    const [, , waitOf] = waits[name] as (typeof waits)[string]
    const wait = waitOf(context, ...args)
    const reply = wait.attempt(wait.names)
    if (reply !== null || wait.timeout === undefined) return reply
    const waiter: Waiter = { wait, context, done: (late) => this.#goOn(late) }
    this.#waiting = waiter
    this.engine.waiters.add(waiter, () => {
      void this.engine.inTurn(() => {
        if (this.engine.waiters.leave(waiter)) this.#goOn(null)
      })
    })
    return undefined
  }

  /** Answers what waited, and then what came meanwhile, up to the next that waits. */
  #goOn(reply: Reply): void {
    this.#waiting = undefined
    this.push(reply)
    const held = this.#held
    this.#held = []
    for (const command of held) this.#answer(command)
  }

  #run(command: Queued): Answer {
    const { word, args } = command
    const name = word.toLowerCase()
    if (this.#queued !== undefined && !transactionWords.has(name)) return this.#enqueue(command)
    this.#mayRun(name)
    const own = ownCommands[name]
    if (own === undefined) return this.engine.run(word, args, this.#db)
    const misfit = misfitOf(name, args)
    if (misfit) throw misfit
    return own.call(this, args)
  }

  /** @throws ReplyError */
  #mayRun(name: string): void {
    if (!this.channels.has(this) || subscriberWords.has(name)) return
    throw new ReplyError(
      `ERR Can't execute '${name}': only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT are allowed in this context`,
    )
  }

  #enqueue({ word, args }: Queued): Reply {
    const name = word.toLowerCase()
    const refusal = name in ownCommands ? misfitOf(name, args) : this.engine.refusal(word, args)
    if (refusal) {
      this.#refused ??= refusal
      throw refusal
    }
    this.#queued?.push({ word, args })
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
    for (const command of queued) {
      try {
        replies.push(this.#run(command) ?? null)
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

const arities: ReadonlyMap<string, number> = new Map(commandRows.map(({ name, arity }) => [name, arity]))

/** As Redis' own table has it; a negative arity is the least. */
function misfitOf(name: string, args: readonly string[]): ReplyError | undefined {
  const arity = arities.get(name)
  if (arity === undefined || (arity < 0 ? args.length + 1 >= -arity : args.length + 1 === arity)) return undefined
  return new ReplyError(`ERR wrong number of arguments for '${name}' command`)
}

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
  info(sections) {
    return information(this.engine.version, sections)
  },
  wait: () => 0,
  client([word = '', text = '']) {
    const answers: Readonly<Record<string, () => Reply>> = {
      id: () => this.id,
      setinfo: () => OK,
      setname: () => {
        this.name = text
        return OK
      },
      getname: () => (this.name === '' ? null : this.name),
    }
    const answer = answers[word.toLowerCase()]
    if (answer === undefined) throw lackingWord('client', word)
    return answer()
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
