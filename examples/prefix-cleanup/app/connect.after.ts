import { CanonicalRedisClient, environmentPhase, type PhaseSource } from 'canonical-redis'
import { Redis } from 'ioredis'
import { schema } from '../schema.js'
import { Assistant } from './assistant.js'

export function connect(url: string, phase: PhaseSource = environmentPhase()): Assistant {
  return new Assistant(new CanonicalRedisClient(new Redis(url), { schema, phase }))
}
