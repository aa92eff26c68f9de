/**
 * The Lua that runs on the server. A script works through many logical keys, each of them in one atomic piece, and
 * stops when it has held the server for a few milliseconds: whoever called sends the rest again.
 *
 * A script may SELECT: the caller's database is untouched by it (seen on Redis 7.0, 8.0 and Valkey 8.1).
 *
 * @module
 */

/** How long one script may hold the server, in milliseconds, beyond the one key it is at. */
export const HOLD_MS = 5

/**
 * KEYS: for each logical key its canonical name, then its aliases.
 * ARGV: home database, mode, then for each logical key the number of aliases and the database of each.
 * The reply has an element for each logical key handled, at least one; an error is `{'error', text}`.
 *
 * `os.clock` is missing before Redis 7.4, TIME stands still within a script from 7.2 on: one of the two moves.
 */
export const frame = (each: string): string => `
local home, mode, selected = ARGV[1], ARGV[2], ARGV[1]
local function at(place)
  if place.db ~= selected then redis.call('SELECT', place.db); selected = place.db end
  return place.name
end
local function call(place, command, ...) return redis.call(command, at(place), ...) end
local function first(places)
  for i = 1, #places do if call(places[i], 'EXISTS') == 1 then return i end end
end
${each}
local lib = rawget(_G, 'os')
local function clock()
  if lib then return lib.clock() * 1000 end
  local now = redis.call('TIME')
  return now[1] * 1000 + now[2] / 1000
end
local replies, key, arg, started = {}, 1, 3, clock()
repeat
  local canonical, aliases = { name = KEYS[key], db = home }, {}
  for i = 1, tonumber(ARGV[arg]) do aliases[i] = { name = KEYS[key + i], db = ARGV[arg + i] } end
  local ok, reply = pcall(each, canonical, aliases)
  if not ok then reply = { 'error', type(reply) == 'table' and reply.err or tostring(reply) } end
  replies[#replies + 1] = reply
  key, arg = key + 1 + #aliases, arg + 1 + #aliases
until key > #KEYS or clock() - started > ${HOLD_MS}
return replies`

/**
 * Copies the first alias that exists. Mode: `copy`, `replace`, or `dry-copy`, `dry-replace` to only say what would be.
 * Reply: `{outcome, aliases that exist}`.
 */
export const copyScript = frame(`
local function each(canonical, aliases)
  local exist, source = 0, nil
  for i = 1, #aliases do
    if call(aliases[i], 'EXISTS') == 1 then exist = exist + 1; source = source or aliases[i] end
  end
  local replace = mode == 'replace' or mode == 'dry-replace'
  if not replace and call(canonical, 'EXISTS') == 1 then return { 'skipped', exist } end
  if not source then return { 'vanished', exist } end
  if mode == 'copy' then call(source, 'COPY', canonical.name, 'DB', home) end
  if mode == 'replace' then call(source, 'COPY', canonical.name, 'DB', home, 'REPLACE') end
  return { 'migrated', exist }
end`)

/**
 * Removes the one alias given, if the canonical key exists. Mode: `unlink`, or `dry` to only say what would be.
 * Reply: `{'deleted' | 'kept' | 'gone'}`.
 */
export const sweepScript = frame(`
local function each(canonical, aliases)
  local exists = call(aliases[1], 'EXISTS')
  if exists == 0 then return { 'gone' } end
  if call(canonical, 'EXISTS') == 0 then return { 'kept' } end
  if mode == 'unlink' then call(aliases[1], 'UNLINK') end
  return { 'deleted' }
end`)

/**
 * Compares the first alias that exists with the canonical key. Mode: `compare`, or `exists` to look only whether both
 * are there. Reply: `{state, which alias (from 1; 0: none), …}`, with both types behind `type`, and both expiries
 * behind `ttl`.
 *
 * Equal DUMPs are equal keys. Unequal ones may be too: a set may dump in any order, a list in any cut, and a
 * HyperLogLog carries a cache that PFCOUNT, a read, writes into bytes 9 to 16. So unequal bytes are compared by what
 * the type means. `seen-time` and `active-time` of a consumer are left out: they say who looked, and change no reply
 * but XINFO's.
 */
export const compareScript = frame(`
local function equal(a, b)
  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end
  if #a ~= #b then return false end
  for i = 1, #a do if not equal(a[i], b[i]) then return false end end
  return true
end
-- Not by sorting: Lua sorts by the server's locale, in which different members can rank the same.
local function equal_sets(a, b)
  local members = {}
  for i = 1, #a do members[a[i]] = true end
  for i = 1, #b do if not members[b[i]] then return false end end
  return #a == #b
end
local function pairs_of(flat)
  local map = {}
  for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1] end
  return map
end
-- special: how to compare some of the entries; all others are compared as they are.
local function equal_maps(a, b, special)
  local x, y = pairs_of(a), pairs_of(b)
  for name in pairs(y) do if x[name] == nil then return false end end
  for name, value in pairs(x) do
    if y[name] == nil or not (special[name] or equal)(value, y[name]) then return false end
  end
  return true
end
local function each_of(check)
  return function(a, b)
    if #a ~= #b then return false end
    for i = 1, #a do if not check(a[i], b[i]) then return false end end
    return true
  end
end
local function ignore() return true end
local consumers = each_of(function(a, b)
  return equal_maps(a, b, { ['seen-time'] = ignore, ['active-time'] = ignore })
end)
local groups = each_of(function(a, b) return equal_maps(a, b, { consumers = consumers }) end)

local function field_expiries(place, fields)
  local found = {}
  for from = 1, #fields, 1000 do
    local upto = math.min(from + 999, #fields)
    local part = redis.pcall('HPEXPIRETIME', at(place), 'FIELDS', upto - from + 1, unpack(fields, from, upto))
    if part.err then return {} end
    for i = 1, #part do found[from + i - 1] = part[i] end
  end
  return found
end
local function equal_hashes(a, c)
  local x, y = call(a, 'HGETALL'), call(c, 'HGETALL')
  if #x ~= #y or not equal_maps(x, y, {}) then return false end
  local fields = {}
  for i = 1, #x, 2 do fields[#fields + 1] = x[i] end
  return equal(field_expiries(a, fields), field_expiries(c, fields))
end
local function string_of(place)
  local value = call(place, 'GET')
  local sketch = #value >= 16 and value:sub(1, 4) == 'HYLL' and value:byte(5) <= 1 and value:sub(6, 8) == '\\0\\0\\0'
  return sketch and value:sub(1, 8) .. value:sub(17) or value
end
local values = {
  string = function(a, c) return string_of(a) == string_of(c) end,
  list = function(a, c) return equal(call(a, 'LRANGE', 0, -1), call(c, 'LRANGE', 0, -1)) end,
  set = function(a, c) return equal_sets(call(a, 'SMEMBERS'), call(c, 'SMEMBERS')) end,
  zset = function(a, c)
    return equal(call(a, 'ZRANGE', 0, -1, 'WITHSCORES'), call(c, 'ZRANGE', 0, -1, 'WITHSCORES'))
  end,
  hash = equal_hashes,
  stream = function(a, c)
    local x = redis.call('XINFO', 'STREAM', at(a), 'FULL', 'COUNT', 0)
    local y = redis.call('XINFO', 'STREAM', at(c), 'FULL', 'COUNT', 0)
    return equal_maps(x, y, { groups = groups, ['radix-tree-keys'] = ignore, ['radix-tree-nodes'] = ignore })
  end,
}
local function equal_values(kind, a, c)
  if call(a, 'DUMP') == call(c, 'DUMP') then return true end
  return values[kind] ~= nil and values[kind](a, c)
end

-- Before Redis 7.0 there is no PEXPIRETIME. Then: time left, which is the same but for the moment of asking.
local function expiry(place)
  local at_ms = redis.pcall('PEXPIRETIME', at(place))
  if type(at_ms) == 'number' then return at_ms, 0 end
  local left = call(place, 'PTTL')
  if left < 0 then return left, 0 end
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + left, 1
end
local function each(canonical, aliases)
  local which = first(aliases) or 0
  local has = call(canonical, 'EXISTS') == 1
  if which == 0 then return { has and 'orphan' or 'gone', 0 } end
  if not has then return { 'missing', which } end
  if mode == 'exists' then return { 'both', which } end
  local alias = aliases[which]
  local x, y = call(alias, 'TYPE').ok, call(canonical, 'TYPE').ok
  if x ~= y then return { 'type', which, x, y } end
  if not equal_values(x, alias, canonical) then return { 'value', which } end
  local left, slack = expiry(alias)
  local right = expiry(canonical)
  local differs = math.abs(left - right) > slack or (left < 0) ~= (right < 0)
  if differs then return { 'ttl', which, left, right } end
  return { 'equal', which }
end`)
