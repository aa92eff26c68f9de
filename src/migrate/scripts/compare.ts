/**
 * Are the two names of a logical key equal? And what may only be done where they are, or are not.
 *
 * Equal DUMPs are equal keys. Unequal ones may be too: a set may dump in any order, a list in any cut, and a
 * HyperLogLog carries a cache that PFCOUNT, a read, writes into bytes 9 to 16. So unequal bytes are compared by what
 * the type means. `seen-time` and `active-time` of a consumer are left out: they say who looked, and change no reply
 * but XINFO's.
 *
 * @module
 */
import { frame } from './frame.js'
import { byRule } from './ttl.js'

/**
 * Lua: `difference(alias, canonical)` gives nothing for equal keys, else the problem, and what was found. A time to live
 * that the rule of the family accounts for is none.
 */
const difference = `${byRule}
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
local function equal_maps(x, y, special)
  for name in pairs(y) do if x[name] == nil then return false end end
  for name, value in pairs(x) do
    if y[name] == nil or not (special[name] or equal)(value, y[name]) then return false end
  end
  return true
end
local function each_of(check)
  return function(a, b)
    if #a ~= #b then return false end
    for i = 1, #a do if not check(pairs_of(a[i]), pairs_of(b[i])) then return false end end
    return true
  end
end
local function ignore() return true end
local consumers = each_of(function(x, y)
  return equal_maps(x, y, { ['seen-time'] = ignore, ['active-time'] = ignore })
end)
local groups = each_of(function(x, y) return equal_maps(x, y, { consumers = consumers }) end)

local function field_expiries(place, fields)
  local found = {}
  for from = 1, #fields, 1000 do
    local upto = math.min(from + 999, #fields)
    local part = try(place, 'HPEXPIRETIME', 'FIELDS', upto - from + 1, unpack(fields, from, upto))
    if part.err then return {} end
    for i = 1, #part do found[from + i - 1] = part[i] end
  end
  return found
end
local function string_of(place)
  local value = call(place, 'GET')
  local sketch = #value >= 16 and value:sub(1, 4) == 'HYLL' and value:byte(5) <= 1 and value:sub(6, 8) == '\\0\\0\\0'
  return sketch and value:sub(1, 8) .. value:sub(17) or value
end
local function by(read)
  return function(a, c) return not equal(read(a), read(c)) and 'value' or nil end
end
local differs = {
  string = by(string_of),
  list = by(function(place) return call(place, 'LRANGE', 0, -1) end),
  zset = by(function(place) return call(place, 'ZRANGE', 0, -1, 'WITHSCORES') end),
  set = function(a, c) return not equal_sets(call(a, 'SMEMBERS'), call(c, 'SMEMBERS')) and 'value' or nil end,
  hash = function(a, c)
    local x, y = call(a, 'HGETALL'), call(c, 'HGETALL')
    if #x ~= #y or not equal_maps(pairs_of(x), pairs_of(y), {}) then return 'value' end
    local fields = {}
    for i = 1, #x, 2 do fields[#fields + 1] = x[i] end
    if not equal(field_expiries(a, fields), field_expiries(c, fields)) then return 'field-ttl' end
  end,
  stream = function(a, c)
    local x = pairs_of(redis.call('XINFO', 'STREAM', at(a), 'FULL', 'COUNT', 0))
    local y = pairs_of(redis.call('XINFO', 'STREAM', at(c), 'FULL', 'COUNT', 0))
    local tree = { groups = ignore, ['radix-tree-keys'] = ignore, ['radix-tree-nodes'] = ignore }
    if not equal_maps(x, y, tree) then return 'value' end
    if not groups(x.groups, y.groups) then return 'groups' end
  end,
}
local function differing_value(kind, a, c)
  if call(a, 'DUMP') == call(c, 'DUMP') then return nil end
  if not differs[kind] then return 'value' end
  return differs[kind](a, c)
end
local function difference_of_headers(alias, canonical)
  local x, y = call(alias, 'TYPE').ok, call(canonical, 'TYPE').ok
  if x ~= y then return 'type', x, y end
  local left, slack = expiry(alias)
  local right = expiry(canonical)
  local is_equal = math.abs(left - right) <= slack and (left < 0) == (right < 0)
  if not is_equal and not by_rule(left, right) then return 'ttl', left, right end
end
local function difference(alias, canonical)
  local problem, x, y = difference_of_headers(alias, canonical)
  if problem == 'type' then return problem, x, y end
  return differing_value(call(alias, 'TYPE').ok, alias, canonical) or problem, x, y
end`

/**
 * Compares the first alias that exists with the canonical key. Flags: `look` only whether both are there.
 * Reply: `{state, which alias (from 1; 0: none), …}`, with both types behind `type`, and both expiries behind `ttl`; for
 * a big pair `{'big', which alias, bytes}`.
 */
export const compareScript = frame(`${difference}
local function each(canonical, aliases)
  local which = first(aliases)
  local has = exists(canonical)
  if not which then return { has and 'orphan' or 'gone', 0 } end
  if not has then return { 'missing', which } end
  if flags.look then return { 'both', which } end
  local bytes = big(aliases[which]) or big(canonical)
  if bytes then return { 'big', which, bytes } end
  local problem, x, y = difference(aliases[which], canonical)
  if problem == 'type' or problem == 'ttl' then return { problem, which, x, y } end
  return { problem or 'equal', which }
end`)

/**
 * What is left of a big pair to be compared in one piece: types and expiries. Reply: as of {@link compareScript}.
 */
export const headersScript = frame(`${difference}
local function each(canonical, aliases)
  local which = first(aliases)
  if not which or not exists(canonical) then return { 'gone', which or 0 } end
  local problem, x, y = difference_of_headers(aliases[which], canonical)
  if problem then return { problem, which, x, y } end
  return { call(canonical, 'TYPE').ok, which }
end`)

/**
 * Removes all aliases if the first of them equals the canonical key; older ones count as overtaken. Flags: `dry`;
 * `vouched`: the caller has compared them and holds a WATCH.
 * Reply: `{'deleted' | 'missing' | 'differs' | 'gone', which aliases exist…}`; for a big pair `{'big', bytes, which…}`.
 */
export const sweepScript = frame(`${difference}
local function each(canonical, aliases)
  local there = {}
  for i = 1, #aliases do if exists(aliases[i]) then there[#there + 1] = i end end
  if #there == 0 then return { 'gone' } end
  if not exists(canonical) then return { 'missing', unpack(there) } end
  if not flags.vouched then
    local bytes = big(aliases[there[1]]) or big(canonical)
    if bytes then return { 'big', bytes, unpack(there) } end
    if difference(aliases[there[1]], canonical) then return { 'differs', unpack(there) } end
  end
  if not flags.dry then unlink(aliases) end
  return { 'deleted', unpack(there) }
end`)

/**
 * Puts a difference right, if it still is the one that was seen. Flags: the problem seen, and the way:
 * `fill` (A to C, not replacing), `forward` (A over C), `back` (C over the first alias, older ones go), `drop-alias`,
 * `drop-canonical`; `seen`: it was seen in pieces, do not compare again.
 * Reply: `{'repaired' | 'changed'}`.
 */
export const repairScript = frame(`${difference}
local function state(canonical, aliases, which)
  if not which then return exists(canonical) and 'orphan' or 'gone' end
  if not exists(canonical) then return 'missing' end
  return flags.seen and 'differs' or difference(aliases[which], canonical) and 'differs' or 'equal'
end
local function each(canonical, aliases)
  local which = first(aliases)
  if not flags[state(canonical, aliases, which)] then return { 'changed' } end
  if flags.fill then call(aliases[which], 'COPY', canonical.name, 'DB', home) end
  if flags.forward then call(aliases[which], 'COPY', canonical.name, 'DB', home, 'REPLACE') end
  if flags.back then
    call(canonical, 'COPY', aliases[1].name, 'DB', aliases[1].db, 'REPLACE')
    for i = 2, #aliases do call(aliases[i], 'UNLINK') end
  end
  if flags['drop-alias'] then unlink(aliases) end
  if flags['drop-canonical'] then unlink({ canonical }) end
  return { 'repaired' }
end`)
