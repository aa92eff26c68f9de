import { Redis } from 'ioredis'

export function connect(port: number): Redis {
  return new Redis(port, { db: 1 })
}
