/**
 * Asks the server for its version before the first command with keys goes out.
 *
 * @module
 */
import { readInfo, type ServerFacts } from '../shared/server-facts.js'
import { serverTooOld } from '../shared/outcome.js'
import { type Route, type Sender } from './sender.js'
import type { RawCommand } from './types.js'

/**
 * The version of the server behind one connection. While it is being asked for, commands wait in order, as they do
 * in the offline queue of ioredis; a server that will not say (an ACL) is taken at its word later, by its errors.
 */
export class ServerVersion {
  #state: 'unknown' | 'asking' | 'fine' | 'old' = 'unknown'
  #version: string | undefined
  #isReplica = false
  #held: { command: RawCommand; route: Route }[] = []
  readonly #sender: Sender
  readonly #release: (command: RawCommand, route: Route) => unknown

  readonly #note: (facts: ServerFacts) => void

  constructor(
    sender: Sender,
    release: (command: RawCommand, route: Route) => unknown,
    note: (facts: ServerFacts) => void,
  ) {
    this.#sender = sender
    this.#note = note
    this.#release = release
  }

  get mustAsk(): boolean {
    return this.#state === 'unknown'
  }

  get isAsking(): boolean {
    return this.#state === 'asking'
  }

  /** Is it known, and is every command allowed? */
  get isFine(): boolean {
    return this.#state === 'fine'
  }

  get isOld(): boolean {
    return this.#state === 'old'
  }

  /** Was it a replica when it was asked? */
  get isReplica(): boolean {
    return this.#isReplica
  }

  /** `E_SERVER_TOO_OLD`, with the version. */
  error(): Error {
    return serverTooOld(this.#version)
  }

  /** Asks, and holds this first command until the answer is there. */
  ask(command: RawCommand, route: Route): Promise<unknown> {
    this.#state = 'asking'
    const held = this.hold(command, route)
    this.#sender.own(command, ['info']).then(
      (reply) => this.#answer(String(reply)),
      () => this.#answer(''),
    )
    return held
  }

  /** Holds a command back; its promise is the one it would have had. */
  hold(command: RawCommand, route: Route): Promise<unknown> {
    this.#held.push({ command, route })
    return command.promise
  }

  #answer(info: string): void {
    const facts = readInfo(info)
    this.#note(facts)
    this.#version = facts.version
    this.#isReplica = facts.isReplica
    this.#state = facts.isOld ? 'old' : 'fine'
    const held = this.#held
    this.#held = []
    for (const { command, route } of held) this.#release(command, route)
  }
}
