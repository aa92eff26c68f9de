/**
 * A client in a process of its own, that reads and writes for a while, one command after the other's reply. Prints the
 * median and the 99th percentile of how long they took, in milliseconds, as JSON. `<port> <milliseconds>`
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

const [port, lasts] = process.argv.slice(2).map(Number) as [number, number]
const redis = new Redis(port)
const took: number[] = []
for (const until = performance.now() + lasts; performance.now() < until;) {
  for (let i = 0; i < 20; i++) {
    const began = performance.now()
    await (i % 2 ? redis.hgetall('mine') : redis.hset('mine', 'field', i))
    took.push(performance.now() - began)
  }
  await sleep(1)
}
took.sort((a, b) => a - b)
const at = (part: number): number => took[Math.floor(took.length * part)]!
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), commands: took.length }))
redis.disconnect()
