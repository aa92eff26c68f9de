/**
 * Raw clients of each version under test, on one server, closed together.
 *
 * @module
 */
import { Redis as Redis5, type RedisOptions } from 'ioredis'
import { Redis as Redis6 } from 'ioredis6'
import { Redis as Valkey } from 'iovalkey'

/** The ioredis versions that the adapter is tested on, as constructors with one type. */
export const ioredisVersions = {
  'ioredis 5': Redis5,
  'ioredis 6': Redis6 as unknown as typeof Redis5,
  iovalkey: Valkey as unknown as typeof Redis5,
} as const

/** A version's name. */
export type IoredisVersion = keyof typeof ioredisVersions

/** Makes clients and closes them all. */
export class Clients {
  readonly #open: Redis5[] = []

  constructor(
    readonly version: IoredisVersion,
    readonly port: number,
  ) {}

  raw(options: RedisOptions = {}): Redis5 {
    const client = new ioredisVersions[this.version]({ port: this.port, host: '127.0.0.1', ...options })
    // A test that cuts the connection would print it otherwise.
    client.on('error', () => undefined)
    this.#open.push(client)
    return client
  }

  close(): void {
    for (const client of this.#open.splice(0)) client.disconnect()
  }
}

/** Waits until the condition holds; says what it waited for when it gives up. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
