/**
 * What a server has to hold before commands can speak of it: scripts, a function, payloads for RESTORE.
 *
 * @module
 */
import type { Redis } from 'ioredis'
import type { Arg } from '../../../src/commands/index.js'
import { seedLines } from './sequence.js'

const scripts: Readonly<Record<string, string>> = {
  set: "return redis.call('SET', KEYS[1], ARGV[1])",
  'del-second': "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DEL', KEYS[2]) end return 0",
  // Fails when it has written already: what it wrote stays.
  half: "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('HGET', KEYS[1], 'f')",
  copy: "return redis.call('COPY', KEYS[1], KEYS[2], 'REPLACE')",
  exists: "return redis.call('EXISTS', KEYS[1], KEYS[2])",
}

const library = `#!lua name=twin
redis.register_function('twin_set', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function{ function_name = 'twin_exists', flags = { 'no-writes' },
  callback = function(keys) return redis.call('EXISTS', keys[1], keys[2]) end }`

/** Gives each `#name` of a command line its value on this server. The database is left empty. */
export async function loadFixtures(client: Redis): Promise<ReadonlyMap<string, Arg>> {
  const found = new Map<string, Arg>([
    ['#bytes', Buffer.from([0xff, 0x00, 0xfe])],
    ['#sha-none', 'f'.repeat(40)],
  ])
  for (const [name, text] of Object.entries(scripts)) {
    found.set(`#${name}`, text)
    found.set(`#sha-${name}`, String(await client.script('LOAD', text)))
  }
  await client.call('FUNCTION', 'LOAD', 'REPLACE', library)
  for (const [theme, lines] of Object.entries(seedLines)) {
    for (const line of lines) await client.call(...(line.replace('$', 'fixture').split(' ') as [string]))
    found.set(`#dump-${theme}`, await client.dumpBuffer('fixture'))
    await client.del('fixture')
  }
  return found
}
