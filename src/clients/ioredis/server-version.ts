/**
 * Asks the server for its version before the first command with keys goes out.
 *
 * @module
 */
import { serverTooOld, type Route, type Sender } from './sender.js'
import type { RawCommand } from './types.js'

const oldest = [6, 2] as const

/**
 * The version of the server behind one connection. While it is being asked for, commands wait in order, as they do
 * in the offline queue of ioredis; a server that will not say (an ACL) is taken at its word later, by its errors.
 */
export class ServerVersion {
  #state: 'unknown' | 'asking' | 'fine' | 'old' = 'unknown'
  #version: string | undefined
  #held: { command: RawCommand; route: Route }[] = []
  readonly #sender: Sender
  readonly #release: (command: RawCommand, route: Route) => unknown

  readonly #noteModules: () => void

  constructor(sender: Sender, release: (command: RawCommand, route: Route) => unknown, noteModules: () => void) {
    this.#sender = sender
    this.#noteModules = noteModules
    this.#release = release
  }

  get mustAsk(): boolean {
    return this.#state === 'unknown'
  }

  get isAsking(): boolean {
    return this.#state === 'asking'
  }

  get isOld(): boolean {
    return this.#state === 'old'
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
    if (/^module:name=/m.test(info)) this.#noteModules()
    this.#version = /^redis_version:(\S+)/m.exec(info)?.[1]
    this.#state = isOlder(this.#version) ? 'old' : 'fine'
    const held = this.#held
    this.#held = []
    for (const { command, route } of held) this.#release(command, route)
  }
}

function isOlder(version: string | undefined): boolean {
  if (version === undefined) return false
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1])
}
