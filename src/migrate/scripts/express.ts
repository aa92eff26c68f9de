/**
 * A page of SCAN that the server works through itself: no name travels but those that are not so simple.
 *
 * A key is dealt with here only where nothing can be said of it but the usual. All others are given back, as SCAN would
 * have given them, to the scripts that know every case: missing, different, big, refused by the server.
 *
 * @module
 */
import { script, type Script } from './frame.js'

/**
 * After so many bytes a script leaves the rest to others: they take it some milliseconds. Not by the clock, which costs as
 * much as a small key, and goes on while the server's process stands still.
 */
const ENOUGH_BYTES = 500_000

/**
 * ARGV: cursor, COUNT, MATCH, `far` where the home database is another than the one selected (else empty), the home
 * database, the size from which a key is big (0: none is), then for each rule its side (`a` the names of aliases, `c`
 * canonical ones) and how the other name is made: the pattern and the replacement of `gsub`.
 * Reply: the next cursor, the names left over, how many there were, 1 where it stopped early, then two counts a rule.
 */
const express = (work: string): Script =>
  script(`
local call, gsub = redis.pcall, string.gsub
local far, home, over = ARGV[4] == 'far', ARGV[5], tonumber(ARGV[6])
local rules = {}
for i = 7, #ARGV, 3 do rules[#rules + 1] = { side = ARGV[i], from = ARGV[i + 1], to = ARGV[i + 2], one = 0, two = 0 } end
local handled = 0
-- Is the key there, and small enough to be dealt with in one piece?
local function is_small(name)
  local bytes = call('MEMORY', 'USAGE', name)
  if type(bytes) ~= 'number' or bytes > over then return false end
  handled = handled + bytes
  return true
end
local rest = {}
${work}
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[3], 'COUNT', ARGV[2])
for _, name in ipairs(page[2]) do
  local is_done = false
  if handled < ${ENOUGH_BYTES} then
    for _, rule in ipairs(rules) do
      local other, found = gsub(name, rule.from, rule.to)
      if found == 1 then
        is_done = each(rule, name, other)
        break
      end
    end
  end
  if not is_done then rest[#rest + 1] = name end
end
finish()
local reply = { page[1], rest, #page[2], handled < ${ENOUGH_BYTES} and 0 or 1 }
for _, rule in ipairs(rules) do
  reply[#reply + 1] = rule.one
  reply[#reply + 1] = rule.two
end
return reply`)

/** Copies aliases, never replacing. Counts: copied; canonical name there already. */
export const expressCopyScript = express(`
local function each(rule, name, other)
  if rule.side == 'c' then return true end
  if not is_small(name) then return false end
  local copied
  if far then copied = call('COPY', name, other, 'DB', home) else copied = call('COPY', name, other) end
  if copied == 1 then
    rule.one = rule.one + 1
    return true
  end
  if far or copied ~= 0 or call('EXISTS', other) ~= 1 then return false end
  rule.two = rule.two + 1
  return true
end
local function finish() end`)

/** Compares aliases with their canonical keys; looks whether canonical keys have an alias. Counts: equal; none. */
export const expressCompareScript = express(`
local canonicals, aliases = {}, {}
local function each(rule, name, other)
  if rule.side == 'c' then
    canonicals[#canonicals + 1] = name
    aliases[#aliases + 1] = other
    return true
  end
  if not is_small(name) or not is_small(other) then return false end
  local expires = call('PEXPIRETIME', name)
  if type(expires) ~= 'number' or expires ~= call('PEXPIRETIME', other) then return false end
  local dump = call('DUMP', name)
  if type(dump) ~= 'string' or dump ~= call('DUMP', other) then return false end
  rule.one = rule.one + 1
  return true
end
local function finish()
  for from = 1, #aliases, 1000 do
    local upto = math.min(from + 999, #aliases)
    -- All at once; only where some are not there does it matter which.
    if call('EXISTS', unpack(aliases, from, upto)) ~= upto - from + 1 then
      for i = from, upto do rest[#rest + 1] = canonicals[i] end
    end
  end
end`)
