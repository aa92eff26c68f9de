/**
 * A real ioredis client whose connections end in a server in memory.
 *
 * @module
 */
import type { Redis, RedisOptions } from 'ioredis'
import { CanonicalRedisError } from '../../errors.js'
import { isIoredis, type RawClient, type RawCommand, type WritableTarget } from '../ioredis/types.js'
import { explained } from './lacks.js'
import { findPackage, missing } from './packages.js'
import { PipeEnd } from './pipe.js'
import type { MemoryServer } from './server.js'

/** The class of a client: `Redis` of ioredis 5 or 6, or of iovalkey. */
export type RedisClass<R> = new (options: never) => R

/** @throws {@link CanonicalRedisError} `E_MISSING_PACKAGE` */
function ownClass(): RedisClass<Redis> {
  const found = findPackage('ioredis') as { Redis: RedisClass<Redis> } | undefined
  return (
    found?.Redis ?? missing('ioredis', 'its client', 'npm install --save-dev ioredis, or pass the class as `Redis`')
  )
}

/** What ioredis asks of a connector. */
function connectorTo(server: MemoryServer) {
  return class MemoryConnector {
    #end: PipeEnd | undefined

    check(): boolean {
      return true
    }

    connect(): Promise<PipeEnd> {
      const [near, far] = PipeEnd.pair()
      this.#end = near
      server.serve(far)
      return Promise.resolve(near)
    }

    disconnect(): void {
      this.#end?.end()
    }
  }
}

/**
 * A client of the server in memory.
 *
 * @param options as for the class itself; where to connect to is not asked
 * @throws {@link CanonicalRedisError} `E_MISSING_PACKAGE` without ioredis, `E_NOT_A_CLIENT` for another class
 */
export function clientOf<R>(
  server: MemoryServer,
  options: RedisOptions = {},
  Class: RedisClass<R> = ownClass() as RedisClass<R>,
): R {
  const own = { ...options, Connector: connectorTo(server), protocol: 2, noDelay: false }
  const client = new (Class as RedisClass<unknown>)(own as never)
  if (!isIoredis(client)) {
    throw new CanonicalRedisError('E_NOT_A_CLIENT', 'expected `Redis` to be the class of ioredis or of iovalkey', {
      hint: "createMockRedis({ …, Redis }) with import { Redis } from 'ioredis'; node-redis has no place for a mock",
    })
  }
  explainErrors(client)
  return client as R
}

/** Errors of what the server lacks become errors of ours, also in the duplicates of the client. */
function explainErrors(client: RawClient): void {
  const send = client.sendCommand.bind(client)
  client.sendCommand = function (this: RawClient, command: RawCommand, stream?: WritableTarget, node?: unknown) {
    const reject = command.reject
    command.reject = (error) => reject.call(command, explained(error))
    return send(command, stream, node)
  }
  const duplicate = client.duplicate.bind(client)
  client.duplicate = (...overrides) => {
    const copy = duplicate(...overrides)
    explainErrors(copy)
    return copy
  }
}
