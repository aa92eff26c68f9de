/**
 * A page of SCAN that the server works through itself: no name travels but those that are not so simple.
 *
 * A key is dealt with here only where nothing can be said of it but the usual. All others are given back, as SCAN would
 * have given them, to the scripts that know every case: missing, different, big, refused by the server.
 *
 * The script is written for the rules at hand, with their patterns in its text: a loop over rules, and a function for each
 * key, cost as much as the check of its size.
 *
 * @module
 */
import { clock, HOLD_MS, script, type Script } from './frame.js'

/** How names of one kind are told and made into their other names: as pattern and replacement of `gsub`, in latin1. */
export interface PageRule {
  /** `a` the names of aliases, `c` canonical ones. */
  readonly side: 'a' | 'c'
  readonly from: string
  readonly to: string
}

/**
 * The script for these rules; `isFar` where the home database is another than the one selected.
 *
 * ARGV: cursor, COUNT, MATCH, the size from which a key is big, the home database.
 * Reply: the next cursor, the names left over, how many there were, 1 where it stopped early, then two counts a rule.
 */
export type PageScript = (rules: readonly PageRule[], isFar: boolean) => Script

/**
 * After so many bytes, and then each time, a script looks at the clock. Not at the beginning: small keys are never too
 * much, and where there is only TIME it goes on while the server's process stands still.
 */
const SURE_BYTES = 500_000
const STEP_BYTES = 100_000

/** No more in any case. Redis 7.2 has no clock that moves within a script. */
const MOST_BYTES = 10_000_000

/** What a script does, as Lua. It has `name`, `other` and `done`, and may add to the two counts of its rule. */
interface Work {
  readonly before?: string
  readonly alias: (one: string, two: string, isFar: boolean) => string
  readonly canonical: string
  readonly after?: string
}

/** Any bytes as a text of Lua. */
const literal = (text: string): string =>
  `'${text.replace(/[^\w :^$()%+-]/g, (byte) => `\\${String(byte.charCodeAt(0)).padStart(3, '0')}`)}'`

const express =
  ({ before = '', alias, canonical, after = '' }: Work): PageScript =>
  (rules, isFar) => {
    const branch = rules.reduceRight((others, { side, from, to }, i) => {
      const work = side === 'a' ? alias(`one${i}`, `two${i}`, isFar) : canonical
      return `other, found = gsub(name, ${literal(from)}, ${literal(to)}) if found == 1 then ${work} else ${others} end`
    }, '')
    const counts = rules.map((_, i) => `one${i}, two${i}`).join(', ')
    return script(`
local call, gsub = redis.pcall, string.gsub
local over, home = tonumber(ARGV[4]), ARGV[5]
${clock}
local started, handled, look_at, is_late = clock(), 0, ${SURE_BYTES}, false
local rest = {}
local ${counts} = ${rules.map(() => '0, 0').join(', ')}
${before}
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[3], 'COUNT', ARGV[2])
local names = page[2]
for i = 1, #names do
  local name, done, other, found = names[i], false
  if handled > look_at then
    look_at = handled + ${STEP_BYTES}
    is_late = is_late or handled > ${MOST_BYTES} or clock() - started > ${HOLD_MS}
  end
  if not is_late then ${branch} end
  if not done then rest[#rest + 1] = name end
end
${after}
return { page[1], rest, #names, is_late and 1 or 0, ${counts} }`)
  }

/** Lua: `work` where the key `name` is there, and small enough to be dealt with in one piece; `bytes` is its size. */
const ifSmall = (name: string, bytes: string, work: string): string =>
  `local ${bytes} = call('MEMORY', 'USAGE', ${name}) if type(${bytes}) == 'number' and ${bytes} <= over then ${work} end`

/** Copies aliases, never replacing. Counts: copied; canonical name there already. */
export const expressCopy = express({
  canonical: 'done = true',
  alias: (one, two, isFar) =>
    ifSmall(
      'name',
      'bytes',
      `handled = handled + bytes
    local copied = call('COPY', name, other${isFar ? `, 'DB', home` : ''})
    if copied == 1 then
      ${one}, done = ${one} + 1, true
    ${isFar ? '' : `elseif copied == 0 and call('EXISTS', other) == 1 then ${two}, done = ${two} + 1, true`}
    end`,
    ),
})

/** Compares aliases with their canonical keys; looks whether canonical keys have an alias. Counts: equal; none. */
export const expressCompare = express({
  before: `
local canonicals, aliases, met = {}, {}, 0
-- Where no key of the database expires, none has to be asked when it does.
local keyspace = call('INFO', 'keyspace')
local expires = type(keyspace) ~= 'string' or not keyspace:find('db' .. home .. ':keys=%d+,expires=0,')`,
  canonical: 'met = met + 1; canonicals[met] = name; aliases[met] = other; done = true',
  alias: (one) =>
    ifSmall(
      'name',
      'bytes',
      ifSmall(
        'other',
        'others',
        `handled = handled + bytes + others
    local at = expires and call('PEXPIRETIME', name)
    if not expires or (type(at) == 'number' and at == call('PEXPIRETIME', other)) then
      local dump = call('DUMP', name)
      if type(dump) == 'string' and dump == call('DUMP', other) then ${one}, done = ${one} + 1, true end
    end`,
      ),
    ),
  after: `
for from = 1, met, 1000 do
  local upto = math.min(from + 999, met)
  -- All at once; only where some are not there does it matter which.
  if call('EXISTS', unpack(aliases, from, upto)) ~= upto - from + 1 then
    for i = from, upto do rest[#rest + 1] = canonicals[i] end
  end
end`,
})
