/**
 * One connection of node-redis: every command of its passes here and meets its plan.
 *
 * @module
 */
import { locate, type Arg, type Located } from '../../commands/index.js'
import { inScript, outsideScript, plan, type FlowPlan, type Plan, type PlanContext } from '../../plan/index.js'
import { adoptOrLook, endangered, OpenReads } from '../shared/open-reads.js'
import { differ, renameError, renameReply } from '../shared/names.js'
import { OpenTransaction } from '../shared/transaction.js'
import type { Wrapping } from '../shared/wrapping.js'
import { askKeyspace, isKeyspaceVerb } from '../shared/keyspace.js'
import { Flows } from '../shared/reshape.js'
import { asPublishScript, pubsubQuestion } from '../shared/pubsub-questions.js'
import { Gate, type Server } from './gate.js'
import { PlannedQuestion, tryRead } from './reads.js'
import { sendShort, type ShortLine } from './short.js'
import { isArg, type CommandOptions, type RawConnection } from './types.js'
import { wait } from './waiting.js'
import { asMapped, inBuffers, Wire } from './wire.js'

/** A command of the caller's on its way. */
interface Call {
  /** The client that the caller used: `withTypeMapping()` and the like give children with options of their own. */
  readonly from: RawConnection
  readonly argv: readonly Arg[]
  readonly options: CommandOptions | undefined
  /** Of a pipeline: others stand behind it, and must not wait for it. */
  readonly piped: boolean
}

/** Carries out the plans of one connection. */
export class Connection implements ShortLine {
  readonly transaction = new OpenTransaction()
  readonly #flows = new Flows()
  readonly reads = new OpenReads()
  readonly wire: Wire
  readonly gate: Gate
  /** Between WATCH and EXEC, which a transaction of ours would end. */
  watches = false
  /** The database that the next command will find selected. */
  db: number
  /** The one that node-redis selects again after a reconnect. */
  remembered: number

  constructor(
    readonly self: RawConnection,
    send: RawConnection['sendCommand'],
    readonly wrapping: Wrapping,
    readonly server: Server,
  ) {
    this.wire = new Wire(self, send)
    this.gate = new Gate(server)
    this.db = this.remembered = self.options?.database ?? 0
    // The server forgets an open MULTI, a WATCH and a raw SELECT with the connection.
    self.on('reconnecting', () => this.forget(this.remembered))
  }

  /** Everything that the server forgets, and the database that it is in then. */
  forget(db: number): void {
    this.transaction.end()
    this.watches = false
    this.db = db
  }

  /** node-redis' `sendCommand`. */
  send(from: RawConnection, argv: readonly Arg[], options?: CommandOptions, piped = false): Promise<unknown> {
    return this.#short(from, argv, options) ?? this.#planned({ from, argv, options, piped })
  }

  /** A command for which one name of each key is enough; undefined, and nothing sent, for all others. */
  #short(from: RawConnection, argv: readonly Arg[], options?: CommandOptions): Promise<unknown> | undefined {
    return this.gate.isOpen && !this.transaction.isOpen ? sendShort(this, from, argv, options) : undefined
  }

  #planned(call: Call): Promise<unknown> {
    const { argv } = call
    const located = argv.every(isArg) ? locate(argv) : undefined
    const opens = located !== undefined && (located.keys.length > 0 || located.row.special === 'multi')
    return this.inOrder(opens, () => this.#send(call, located))
  }

  /** Runs something after the commands that are held back; first asks the server, where `opensWork` makes it time to. */
  inOrder(opensWork: boolean, run: () => Promise<unknown>): Promise<unknown> {
    if (this.gate.isAsking) return this.gate.hold(run)
    if (!opensWork || !this.gate.mustAsk || !this.self.isOpen) return run()
    const ask = (): readonly [Promise<unknown>, Promise<unknown>] => [
      this.wire.one(this.self, ['INFO']),
      this.wire.one(this.self, ['CLIENT', 'INFO']),
    ]
    return this.gate.ask(ask, (db) => (this.db = this.remembered = db), run)
  }

  /** Does this command go out just as it is? */
  isPlain(argv: readonly Arg[]): boolean {
    const located = argv.every(isArg) ? locate(argv) : undefined
    try {
      return located?.row.special === undefined && plan(argv, this.context(), located) === undefined
    } catch {
      return false
    }
  }

  context(inTransaction = this.transaction.isOpen): PlanContext {
    return this.wrapping.contextFor(this.db, inTransaction)
  }

  /** Commands that name no managed key still go through on an old server: they need nothing that it lacks. */
  refuseOld(argv: readonly Arg[], located: Located | undefined, { mapper }: PlanContext): void {
    if (!this.server.isOld) return
    if (located?.keys.some(({ index }) => mapper.resolve(argv[index] as Arg))) throw this.server.error()
  }

  #send(call: Call, located: Located | undefined, isHeld = false): Promise<unknown> {
    const { from, argv, options } = call
    // node-redis has a sentence of its own for what is no string and no Buffer.
    if (!argv.every(isArg)) return this.wire.one(from, argv, options)
    const queued = this.transaction.isOpen
    let made: Plan | undefined
    try {
      const answer = located?.row.special === undefined ? undefined : this.#special(call, located)
      if (answer !== undefined) return answer
      const context = this.context()
      this.refuseOld(argv, located, context)
      made = this.wrapping.plan(argv, context, located, !queued)
    } catch (error) {
      return this.#refuse(error as Error)
    }
    const groups = queued || isHeld || made?.flow ? undefined : this.#flows.busy(argv, located, this.context())
    if (groups) return this.#flows.queue(groups, () => this.#send(call, located, true))
    for (const read of endangered(this.reads, argv, located, made)) read.ask()
    if (queued) this.transaction.note(made, false)
    return made === undefined ? this.wire.one(from, argv, options) : this.#carryOut(made, call)
  }

  #carryOut(made: Plan, call: Call): Promise<unknown> {
    const { from, options, piped } = call
    if (made.flow) return this.#named(made, this.#flow(made.flow, call))
    if (this.transaction.isOpen) return this.#named(made, this.wire.queued(from, made, options))
    const plan = this.watches || this.self.isPubSubActive ? asPublishScript(made) : made
    if (plan.optimistic) return tryRead(new PlannedQuestion(plan), this, from, options)
    // Beside a WATCH a read and what brings its keys are two commands: an EXEC of ours would end it.
    const failed = (error: Error): Promise<never> => Promise.reject(this.wrapping.failed(error, plan))
    if (plan.atomic && !(this.watches && isRead(plan))) return this.#named(plan, this.#inOne(plan, call).catch(failed))
    if ((plan.turns ?? plan.instead) && !piped) return this.#named(plan, this.#wait(plan, call))
    return this.#named(plan, this.wire.sequence(from, plan, options))
  }

  #flow(flow: FlowPlan, { from, options }: Call): Promise<unknown> {
    const { db } = this
    return this.#flows.run(flow, this.protocol, {
      ask: (argv) => this.wire.one(from, argv, { ...options, ...inBuffers }),
      finish: (argv) => this.wire.one(from, argv, options),
      mayGoOn: () => !this.transaction.isOpen && this.db === db,
    })
  }

  #wait(first: Plan, { from, argv, options }: Call): Promise<unknown> {
    return wait(first, {
      argv,
      send: (one) => this.wire.sequence(from, one, options),
      plan: (line) => this.wrapping.plan(line, this.context(), locate(line), false) ?? unplanned(line),
      mayGoOn: () => !this.transaction.isOpen,
    })
  }

  /** The reply, or the error, under the caller's names. */
  #named(plan: Plan, reply: Promise<unknown>): Promise<unknown> {
    const { renames, located } = plan
    if (!differ(renames)) return reply
    return reply.then(
      (value) => renameReply(located.row.reply, value, renames),
      (error: Error) => {
        throw renameError(error, renames)
      },
    )
  }

  async again(first: Plan, from: RawConnection, options?: CommandOptions): Promise<unknown> {
    return adoptOrLook(this.wrapping.hooks.again(first, this.context()), (one) =>
      one.atomic && !this.watches ? this.wire.transaction(from, one, options) : this.wire.sequence(from, one, options),
    )
  }

  #inOne(plan: Plan, { from, options }: Call): Promise<unknown> {
    const asScript = async (): Promise<unknown> =>
      this.wire.sequence(from, inScript(plan, this.protocol), options).catch((error: Error) => {
        throw outsideScript(error, plan)
      })
    if (this.watches) return asScript()
    // With its memory full a server takes nothing in MULTI, not even DEL; a script that frees memory it runs.
    return this.wire.transaction(from, plan, options, async (error) => {
      if (!error.message.startsWith('OOM ')) throw error
      return asScript()
    })
  }

  /** node-redis 6, which has key prefixes, speaks RESP3 unless told otherwise; 5 the other way round. */
  get protocol(): 2 | 3 {
    return this.self.options?.RESP ?? ('_keyPrefix' in this.self ? 3 : 2)
  }

  #refuse(error: Error): Promise<never> {
    if (this.transaction.isOpen) {
      this.transaction.refuse(error)
      this.transaction.note(undefined, false)
    }
    return Promise.reject(error)
  }

  #special(call: Call, located: Located): Promise<unknown> | undefined {
    const { from, argv, options } = call
    const { schema } = this.wrapping
    const special = located.row.special
    const queued = this.transaction.isOpen
    const now = (argvs: readonly (readonly Arg[])[]): Promise<unknown>[] =>
      this.wire.chain(from, argvs, { ...options, ...inBuffers })
    const shaped = (reply: unknown): unknown => asMapped(reply, this.wire.effective(from, options).typeMapping)
    if (isKeyspaceVerb(special)) {
      const later = (line: readonly Arg[]): Promise<unknown> => this.wire.one(from, line, { ...options, ...inBuffers })
      return askKeyspace(special, argv, { schema, context: this.context(), now, later })?.then(shaped)
    }
    switch (special) {
      case 'watch':
        this.watches ||= !queued
        return undefined
      case 'unwatch':
        this.watches &&= queued
        return undefined
      case 'multi':
        // Nothing of ours may be asked inside the caller's transaction.
        this.reads.ask()
        this.transaction.begin()
        return this.wire.one(from, argv, options)
      case 'exec':
        this.watches = false
        return this.#exec(call)
      case 'discard':
        this.watches = false
        this.transaction.end()
        return undefined
      case 'select':
        return this.#select(call)
      case 'pubsub': {
        const question = pubsubQuestion({ args: argv.slice(1), schema, context: this.context() })
        return question && Promise.all(now(question.argvs)).then((replies) => shaped(question.read(replies)))
      }
      default:
        return undefined
    }
  }

  #exec({ from, argv, options }: Call): Promise<unknown> {
    const filter = this.transaction.filter()
    const { refusal } = this.transaction
    this.transaction.end()
    if (refusal === undefined) return this.wire.one(from, argv, options).then(filter)
    // One command was refused, so the others must not run: as the server does it after a queueing error.
    const error = new Error(`EXECABORT Transaction discarded because of: ${refusal.message}`, { cause: refusal })
    return this.wire.one(from, ['DISCARD'], options).then(() => Promise.reject(error))
  }

  #select({ from, argv, options }: Call): Promise<unknown> | undefined {
    if (this.transaction.isOpen) {
      this.transaction.note(undefined, false)
      return this.wire.one(from, argv, options)
    }
    this.reads.ask()
    const before = this.db
    const db = (this.db = Number(argv[1]))
    return this.wire.one(from, argv, options).catch((error: Error) => {
      if (this.db === db) this.db = before
      throw error
    })
  }
}

/** A command that goes out as it is, as a plan. */
function unplanned(argv: readonly Arg[]): Plan {
  const located = locate(argv) as Located
  return { steps: [{ role: 'op', argv }], op: 0, atomic: false, optimistic: false, located, renames: [] }
}

const isRead = ({ located }: Plan): boolean => located.keys.every(({ use }) => use === 'read')
