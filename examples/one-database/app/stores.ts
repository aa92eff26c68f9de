import type { Redis } from 'ioredis'

/** What the services work with: a client for each kind of data, and the names there. */
export interface Stores {
  readonly kind: 'legacy' | 'wrapped'
  readonly volume: Redis
  readonly indicators: Redis
  readonly system: Redis
  readonly state: (token: number) => string
  readonly average: (symbol: string) => string
  readonly indicator: (symbol: string, name: string) => string
  readonly session: (user: string) => string
  readonly health: (service: string) => string
}
