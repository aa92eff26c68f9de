/**
 * A Redis in the memory of this process. Connections reach it through anything that carries bytes.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import { Channels } from './channels.js'
import { Connection } from './connection.js'
import { Engine } from './engine.js'

/** A server in memory. */
export class MemoryServer {
  readonly engine: Engine
  readonly #channels = new Channels()
  #connections = 0

  /**
   * @param version what INFO says; `6.0.16` shows how a server without COPY is refused
   * @throws {@link CanonicalRedisError} `E_MISSING_PACKAGE`
   */
  constructor(version = '7.0.0') {
    this.engine = new Engine(version)
  }

  /** Serves the client at the other end. */
  serve(stream: Duplex): void {
    new Connection(++this.#connections, stream, this.engine, this.#channels)
  }
}
