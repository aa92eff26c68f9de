import type { Redis } from 'ioredis'

/** The names that a program uses, and how it reads a tick. */
export interface Names {
  readonly stream: string
  readonly tick: (symbol: string) => string
  readonly baseline: (symbol: string) => string
  /** Field names, for writing. */
  readonly price: string
  readonly volume: string
  readonly readTick: (fields: Readonly<Record<string, string>>) => Tick
}

/** A tick, read. */
export interface Tick {
  readonly last_price: number
  readonly volume: number
  readonly seq: number
}

/** What a program works with: a deployment may change it between two turns. */
export interface Deployed {
  readonly kind: 'legacy' | 'wrapped'
  readonly redis: Redis
  readonly names: Names
}
