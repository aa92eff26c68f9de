/**
 * Big keys in pieces: one call copies, or compares, so many elements, and gives the cursor to go on from.
 *
 * Strings, streams and values of modules have no pieces to copy: a string cannot grow without being moved, and the
 * pending entries of a stream can only be rebuilt, not copied.
 *
 * @module
 */
import { places, script } from './frame.js'

/** The types that {@link chunkCopyScript} knows. */
export const chunkCopied: ReadonlySet<string> = new Set(['hash', 'set', 'zset', 'list'])

/** The types that {@link chunkCompareScript} knows. */
export const chunkCompared: ReadonlySet<string> = new Set([...chunkCopied, 'string'])

/** How long a temporary key outlives a migrator that was killed, in milliseconds. */
export const TEMPORARY_MS = 3_600_000

const pieces = `${places}
local left, right = { name = KEYS[1], db = ARGV[2] }, { name = KEYS[2], db = ARGV[3] }
local kind, cursor, count = ARGV[4], ARGV[5], tonumber(ARGV[6])
local commands = { hash = 'HSCAN', set = 'SSCAN', zset = 'ZSCAN' }
local function piece()
  if kind == 'list' then
    local found = call(left, 'LRANGE', cursor, cursor + count - 1)
    return #found < count and '0' or tostring(cursor + count), found
  end
  local page = call(left, commands[kind], cursor, 'COUNT', count)
  return page[1], page[2]
end
-- SCAN may give more than it was asked for, and unpack has its limits.
local function each_part(list, work)
  for from = 1, #list, 1000 do
    local part = {}
    for i = from, math.min(from + 999, #list) do part[#part + 1] = list[i] end
    work(part)
  end
end
local function every_second(list, from)
  local found = {}
  for i = from, #list, 2 do found[#found + 1] = list[i] end
  return found
end
local function field_expiries(place, fields)
  local found = try(place, 'HPEXPIRETIME', 'FIELDS', #fields, unpack(fields))
  return found.err and {} or found
end`

/**
 * KEYS: source, temporary key. ARGV: home database, database of each, type, cursor, count.
 * Reply: the next cursor; `0` at the end. Elements that SCAN gives twice are written twice, which changes nothing.
 */
export const chunkCopyScript = script(`${pieces}
local writers = {
  list = function(part) call(right, 'RPUSH', unpack(part)) end,
  set = function(part) call(right, 'SADD', unpack(part)) end,
  zset = function(part)
    local swapped = {}
    for i = 1, #part, 2 do swapped[i], swapped[i + 1] = part[i + 1], part[i] end
    call(right, 'ZADD', unpack(swapped))
  end,
  hash = function(part)
    call(right, 'HSET', unpack(part))
    local fields = every_second(part, 1)
    for i, at_ms in ipairs(field_expiries(left, fields)) do
      if at_ms > 0 then call(right, 'HPEXPIREAT', at_ms, 'FIELDS', 1, fields[i]) end
    end
  end,
}
local next_cursor, found = piece()
each_part(found, writers[kind])
call(right, 'PEXPIRE', ${TEMPORARY_MS})
return next_cursor`)

/**
 * KEYS: both names. ARGV: as of {@link chunkCopyScript}. Reply: the next cursor, and `equal`, `value` or `field-ttl`.
 * Lengths are compared with each piece: then all elements of the one that are in the other are all there are.
 */
export const chunkCompareScript = script(`${pieces}
local function equal(a, b)
  for i = 1, math.max(#a, #b) do if a[i] ~= b[i] then return false end end
  return true
end
local checks = {
  set = function(part)
    for _, is_member in ipairs(call(right, 'SMISMEMBER', unpack(part))) do
      if is_member == 0 then return 'value' end
    end
  end,
  zset = function(part)
    -- As numbers: from Redis 7.2 on ZSCAN writes 0.14285714285714285 where ZMSCORE may write fewer digits.
    local scores, expected = call(right, 'ZMSCORE', unpack(every_second(part, 1))), every_second(part, 2)
    for i = 1, #expected do
      if not scores[i] or tonumber(scores[i]) ~= tonumber(expected[i]) then return 'value' end
    end
  end,
  hash = function(part)
    local fields = every_second(part, 1)
    if not equal(call(right, 'HMGET', unpack(fields)), every_second(part, 2)) then return 'value' end
    if not equal(field_expiries(left, fields), field_expiries(right, fields)) then return 'field-ttl' end
  end,
}
if call(left, lengths[kind]) ~= call(right, lengths[kind]) then return { '0', 'value' } end
if kind == 'string' then
  local a, c = call(left, 'GETRANGE', cursor, cursor + count - 1), call(right, 'GETRANGE', cursor, cursor + count - 1)
  return { #a < count and '0' or tostring(cursor + count), a == c and 'equal' or 'value' }
end
local next_cursor, found = piece()
if kind == 'list' then
  return { next_cursor, equal(found, call(right, 'LRANGE', cursor, cursor + count - 1)) and 'equal' or 'value' }
end
local problem
each_part(found, function(part) problem = problem or checks[kind](part) end)
return { next_cursor, problem or 'equal' }`)
