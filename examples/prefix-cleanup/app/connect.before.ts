import { Redis } from 'ioredis'
import { Assistant } from './assistant.js'

export function connect(url: string): Assistant {
  return new Assistant(new Redis(url))
}
