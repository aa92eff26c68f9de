import { Redis } from 'ioredis'

export const connect = (port: number): Redis => new Redis(port)
