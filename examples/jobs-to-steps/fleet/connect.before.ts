import { Redis } from 'ioredis'

export function connect(url: string): Redis {
  return new Redis(url)
}
