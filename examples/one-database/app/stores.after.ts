import { CanonicalRedisClient, environmentPhase, type PhaseSource } from 'canonical-redis'
import { Redis } from 'ioredis'
import { schema } from '../schema.js'
import type { Stores } from './stores.js'

export function connect(port: number, phase: PhaseSource = environmentPhase()): Stores {
  const redis = new CanonicalRedisClient(new Redis(port, { db: 1 }), { schema, phase })
  return {
    kind: 'wrapped',
    system: redis,
    volume: redis,
    indicators: redis,
    state: (token) => schema.key.volumeState({ token }),
    average: (symbol) => schema.key.volumeBaseline({ symbol }),
    indicator: (symbol, name) => schema.mapper.getCanonicalKey(`indicators:${symbol}:${name}`),
    session: (user) => schema.key.session({ rest: `user:${user}` }),
    health: (service) => schema.key.health({ rest: service }),
  }
}
