/**
 * Asks the server what it is before the first command with keys goes out; until it answers, commands wait in order.
 *
 * @module
 */
import { readInfo } from '../shared/server-facts.js'
import { serverTooOld } from '../shared/outcome.js'
import type { Wrapping } from '../shared/wrapping.js'
import { isServerError } from './wire.js'

/** What is known of the server; shared by the connections of one wrapped client. */
export class Server {
  #state: 'unknown' | 'fine' | 'old' = 'unknown'
  #version: string | undefined

  constructor(readonly wrapping: Wrapping) {}

  get isKnown(): boolean {
    return this.#state !== 'unknown'
  }

  get isFine(): boolean {
    return this.#state === 'fine'
  }

  get isOld(): boolean {
    return this.#state === 'old'
  }

  /** `E_SERVER_TOO_OLD`, with the version. */
  error(): Error {
    return serverTooOld(this.#version)
  }

  /** Takes the reply of INFO; one that says nothing (an ACL) is taken for a server that is new enough. */
  learn(info: string): void {
    const facts = readInfo(info)
    this.wrapping.note(facts)
    this.#version = facts.version
    this.#state = facts.isOld ? 'old' : 'fine'
  }
}

/** What is asked: INFO, and CLIENT INFO for the database that the caller may have selected before wrapping. */
export type Ask = () => readonly [info: Promise<unknown>, clientInfo: Promise<unknown>]

/** Holds the commands of one connection back while the server is being asked. */
export class Gate {
  #held: (() => void)[] | undefined

  constructor(readonly server: Server) {}

  get mustAsk(): boolean {
    return !this.server.isKnown
  }

  /** Is nothing held back, and the server one that can do everything? */
  get isOpen(): boolean {
    return this.#held === undefined && this.server.isFine
  }

  get isAsking(): boolean {
    return this.#held !== undefined
  }

  /** Asks, and holds this first command until the answer is there. */
  ask(ask: Ask, onDatabase: (db: number) => void, run: () => Promise<unknown>): Promise<unknown> {
    this.#held = []
    const first = this.hold(run)
    const [info, clientInfo] = ask()
    void Promise.allSettled([info, clientInfo]).then(([server, client]) => {
      if (server.status === 'fulfilled') this.server.learn(String(server.value))
      else if (isServerError(server.reason)) this.server.learn('')
      const db = client.status === 'fulfilled' ? /(?:^| )db=(\d+)/.exec(String(client.value))?.[1] : undefined
      if (db !== undefined) onDatabase(Number(db))
      const held = this.#held ?? []
      this.#held = undefined
      for (const go of held) go()
    })
    return first
  }

  /** Runs something after what is held already. */
  hold(run: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#held?.push(() => void run().then(resolve, reject))
    })
  }
}
