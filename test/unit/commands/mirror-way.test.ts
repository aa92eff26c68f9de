import { expect, test } from 'vitest'
import { keepsKey, lookup, mirrorOf } from '../../../src/commands/index.js'

/** As strings and as bytes. */
function both<T>(
  line: string,
  ask: (row: NonNullable<ReturnType<typeof lookup>>, argv: (string | Buffer)[]) => T,
): T[] {
  const argv = line.split(' ')
  const row = lookup(argv)!
  return [ask(row, argv), ask(row, [argv[0]!, ...argv.slice(1).map((arg) => Buffer.from(arg))])]
}

test.each([
  ['get a', 'none'],
  ['set a v', 'overwrite'],
  ['set a v NX', 'state'],
  ['incr a', 'replay'],
  ['eval x 1 a', 'state'],
  ['json.set a $ 1', 'state'], // only read about
  ['xadd a 5-1 f v', 'replay'],
  ['xadd a 5 f v', 'replay'],
  ['xadd a NOMKSTREAM MAXLEN 3 5-1 f v', 'replay'],
  ['xadd a maxlen = 3 5-1 f v', 'replay'],
  ['xadd a * f v', 'effect'],
  ['xadd a 5-* f v', 'effect'],
  ['xadd a MAXLEN ~ 3 5-1 f v', 'effect'],
  ['xadd a MINID ~ 3 LIMIT 10 5-1 f v', 'effect'],
  ['xadd a NOMKSTREAM minid ~ 3-1 * ~ v', 'effect'],
  ['xadd a KEEPREF * f v', 'state'], // Redis 8.2: what a trim does to pending entries
  ['xadd a IDMPAUTO p * f v', 'state'], // Redis 8.6
  ['xadd a LIMIT 10 MAXLEN ~ 3 * f v', 'state'], // in an order that is not read here
  ['xadd a MAXLEN', 'state'],
  ['xadd a', 'state'],
  ['xtrim a MAXLEN 3', 'replay'],
  ['xtrim a MINID = 3', 'replay'],
  ['xtrim a maxlen ~ 3', 'effect'],
  ['xtrim a MAXLEN ~ 3 limit 0', 'effect'],
  ['xtrim a MAXLEN ~ 3 ACKED', 'state'], // Redis 8.2
  ['xreadgroup GROUP g c STREAMS a >', 'effect'],
  ['xreadgroup COUNT 1 group block claim NOACK streams a >', 'effect'], // names, not options
  ['xreadgroup GROUP g c BLOCK 0 STREAMS a >', 'state'], // refused in a script
  ['xreadgroup GROUP g c CLAIM 5 STREAMS a >', 'state'], // Redis 8.4
])('%s: %s', (line, way) => {
  expect(both(line, mirrorOf)).toEqual([way, way])
})

test.each([
  ['set a v NX', true],
  ['set a v EX 10', true],
  ['setex a 10 v', true],
  ['getset a v', true],
  ['set a v NX PXAT 1', false],
  ['set a v exat 1 GET', false],
  ['incr a', false],
  ['getdel a', false],
])('%s keeps its key: %s', (line, keeps) => {
  expect(both(line, keepsKey)).toEqual([keeps, keeps])
})
