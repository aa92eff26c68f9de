import { CanonicalRedisClient, type Canonical } from 'canonical-redis'
import { Redis } from 'ioredis'
import { schema } from '../schema.js'
import { phaseFromFlags } from './flags.js'

export function connect(url: string): Redis & { readonly canonical: Canonical } {
  return new CanonicalRedisClient(new Redis(url), { schema, phase: phaseFromFlags() })
}
