import { Redis } from 'ioredis'
import type { Stores } from './stores.js'

export function connect(port: number): Stores {
  return {
    kind: 'legacy',
    system: new Redis(port, { db: 0 }),
    volume: new Redis(port, { db: 2 }),
    indicators: new Redis(port, { db: 5 }),
    state: (token) => `volume_state:${token}`,
    average: (symbol) => `volume_averages:${symbol}`,
    indicator: (symbol, name) => `indicators:${symbol}:${name}`,
    session: (user) => `session:user:${user}`,
    health: (service) => `health:${service}`,
  }
}
