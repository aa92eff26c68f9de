/**
 * The frame of the Lua that runs on the server. A script works through many logical keys, each of them in one atomic
 * piece, and stops when it has held the server for a few milliseconds: whoever called sends the rest again.
 *
 * A script may SELECT: the caller's database is untouched by it (seen on Redis 7.0, 8.0 and Valkey 8.1).
 *
 * @module
 */
import { createHash } from 'node:crypto'

/** How long one script may hold the server, in milliseconds, beyond the one key it is at. */
export const HOLD_MS = 5

/** Looking at the clock costs as much as a small key: it is done after so many bytes, and what a key counts for itself. */
const UNSEEN_BYTES = 64_000
const KEY_BYTES = 2_000

/** A script, and the name by which a server that has seen it knows it. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

/** A script of any kind. */
export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') })

/** What every script of ours may use. A place is `{ name, db }`. */
export const places = `
local selected = ARGV[1]
local function at(place)
  if place.db ~= selected then redis.call('SELECT', place.db); selected = place.db end
  return place.name
end
local function call(place, command, ...) return redis.call(command, at(place), ...) end
local function try(place, command, ...) return redis.pcall(command, at(place), ...) end
local function exists(place) return call(place, 'EXISTS') == 1 end
local lengths = { string = 'STRLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', hash = 'HLEN', stream = 'XLEN' }
-- Where MEMORY is not allowed, from the length: 64 bytes an element is a small one.
local function size(place)
  local bytes = redis.pcall('MEMORY', 'USAGE', at(place))
  if type(bytes) == 'number' then return bytes end
  local command = lengths[call(place, 'TYPE').ok]
  if not command then return 0 end
  return call(place, command) * (command == 'STRLEN' and 1 or 64)
end
-- Before Redis 7.0 there is no PEXPIRETIME. Then: time left, which is the same but for the moment of asking.
local function expiry(place)
  local at_ms = try(place, 'PEXPIRETIME')
  if type(at_ms) == 'number' then return at_ms, 0 end
  local left = call(place, 'PTTL')
  if left < 0 then return left, 0 end
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + left, 1
end`

/**
 * Lua: `clock()` gives milliseconds from anywhere. `os.clock` is missing before Redis 7.4, TIME stands still within a
 * script from 7.2 on: but for 7.2 itself, one of the two moves.
 */
export const clock = `
local lib = rawget(_G, 'os')
local function clock()
  if lib then return lib.clock() * 1000 end
  local now = redis.call('TIME')
  return now[1] * 1000 + now[2] / 1000
end`

/**
 * KEYS: for each logical key its canonical name, then its aliases.
 * ARGV: home database, flags (words; `whole`: no key is big), size from which a key is big (0: none is), then for each logical key the number
 * of aliases and the database of each.
 * The reply has an element for each logical key handled, at least one; an error is `{'error', text}`.
 */
export const frame = (each: string): Script =>
  script(`${places}
local home, flags, over = ARGV[1], {}, tonumber(ARGV[3])
for word in ARGV[2]:gmatch('%S+') do flags[word] = true end
-- What was handled since the clock was looked at, in bytes; where sizes are not asked for, each key counts as much.
local handled = 0
local function big(place)
  if over == 0 or flags.whole then
    handled = ${UNSEEN_BYTES}
    return nil
  end
  local bytes = size(place)
  handled = handled + bytes
  return bytes > over and bytes or nil
end
local function first(aliases)
  local found, count = nil, 0
  for i = 1, #aliases do
    if exists(aliases[i]) then found = found or i; count = count + 1 end
  end
  return found, count
end
local function unlink(list)
  for i = 1, #list do call(list[i], 'UNLINK') end
end
${each}
${clock}
local replies, key, arg, started = {}, 1, 4, clock()
repeat
  local canonical, aliases = { name = KEYS[key], db = home }, {}
  for i = 1, tonumber(ARGV[arg]) do aliases[i] = { name = KEYS[key + i], db = ARGV[arg + i] } end
  local ok, reply = pcall(each, canonical, aliases)
  if not ok then reply = { 'error', type(reply) == 'table' and reply.err or tostring(reply) } end
  replies[#replies + 1] = reply
  key, arg = key + 1 + #aliases, arg + 1 + #aliases
  handled = handled + ${KEY_BYTES}
  local is_late = false
  if handled >= ${UNSEEN_BYTES} then
    handled = 0
    is_late = clock() - started > ${HOLD_MS}
  end
until key > #KEYS or is_late
return replies`)
