import { CanonicalRedisClient, environmentPhase, type PhaseSource } from 'canonical-redis'
import { Redis } from 'ioredis'
import { schema } from '../schema.js'

export function connect(port: number, phase: PhaseSource = environmentPhase()): Redis {
  return new CanonicalRedisClient(new Redis(port, { db: 1 }), { schema, phase })
}
