import { CanonicalRedisClient, type PhaseSource } from 'canonical-redis'
import { Redis } from 'ioredis'
import { schema } from '../schema.js'

export const connect = (port: number, phase: PhaseSource): Redis =>
  new CanonicalRedisClient(new Redis(port), { schema, phase })
