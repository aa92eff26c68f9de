/**
 * The scripts of transforms. They know nothing of `up` and `down`, which are functions of the user's: they look at everything
 * that belongs to one old value, and change it only if it is still what was seen.
 *
 * KEYS: the old name and, where there is one, the index. ARGV begins with what the name of each piece begins with. The names
 * of pieces are made here, from what the index lists; all of a group lie in one slot.
 *
 * @module
 */

/** What a key holds, in an order that depends on nothing else: kind, expiry, then its value, members, or fields and values. */
const shared = `local source, index, prefix = KEYS[1], KEYS[2], ARGV[1]
local function content(key)
  local kind = redis.call('TYPE', key).ok
  local out = { kind, redis.call('PEXPIRETIME', key) }
  if kind == 'string' then out[3] = redis.call('GET', key) end
  local parts, values = {}, {}
  if kind == 'set' then parts = redis.call('SMEMBERS', key) end
  if kind == 'hash' then
    local flat = redis.call('HGETALL', key)
    for i = 1, #flat, 2 do
      parts[#parts + 1] = flat[i]
      values[flat[i]] = flat[i + 1]
    end
  end
  table.sort(parts)
  for _, part in ipairs(parts) do
    out[#out + 1] = part
    if kind == 'hash' then out[#out + 1] = values[part] end
  end
  return out
end
local function look(asked)
  local listed = index and content(index) or { 'none', -2 }
  local state = { content(source), listed }
  local members, known = {}, {}
  if not index then members[1] = '' end
  if listed[1] == 'set' then for i = 3, #listed do members[#members + 1] = listed[i] end end
  for _, member in ipairs(members) do known[member] = true end
  if index and asked ~= '' and not known[asked] then members[#members + 1] = asked end
  for _, member in ipairs(members) do state[#state + 1] = { member, content(prefix .. member) } end
  return state, redis.sha1hex(cmsgpack.pack(state))
end`

/** ARGV: prefix, a piece to look at even if the index does not list it. Reply: token, then what each key holds. */
export const lookScript = `${shared}
local state, token = look(ARGV[2])
table.insert(state, 1, token)
return state`

/** Begins the error of a script that found something else than was seen. */
export const CHANGED = 'CHANGED'

/**
 * ARGV: prefix, the piece as for {@link lookScript}, the token, a mode, the shapes of replies (`2` or `3`), a key; then three
 * lists of commands, each behind its length: what brings the key to what it logically holds; the caller's, or none; what
 * follows. Modes: `do` gives the reply of the caller's; `keep` as well, and puts the key back as it was; `peek` the same
 * without what follows; `try` gives what the key would hold, and puts it back.
 */
export const actScript = `${shared}
local _, token = look(ARGV[2])
if token ~= ARGV[3] then return redis.error_reply('${CHANGED} since it was looked at') end
local mode, shapes, key, at = ARGV[4], ARGV[5], ARGV[6], 7
local function each(run)
  local commands = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, commands do
    local from, n = at + 1, tonumber(ARGV[at])
    at = at + n + 1
    run(unpack(ARGV, from, from + n - 1))
  end
end
local saved, expiry
if mode ~= 'do' then saved, expiry = redis.call('DUMP', key), redis.call('PEXPIRETIME', key) end
each(redis.call)
local reply = { ok = 'OK' }
if shapes == '3' then redis.setresp(3) end
each(function(...) reply = redis.pcall(...) end)
redis.setresp(2)
local failed = type(reply) == 'table' and reply.err
if mode == 'try' and not failed then reply = content(key) end
if mode ~= 'do' then
  redis.call('UNLINK', key)
  if saved then redis.call('RESTORE', key, expiry < 0 and 0 or expiry, saved, 'ABSTTL') end
end
if not failed and (mode == 'do' or mode == 'keep') then each(redis.call) end
return reply`

/**
 * Gives an old value other pieces, whatever there was. ARGV: prefix, mode, the old value (`SET` may have been refused: then
 * nothing happens), then for each piece what the index holds, the number of fields and values, and those. Modes: `keep` the old
 * name; `move`, which removes it; `drop` all pieces; `delete` the old name too, with 1 as the reply if there was anything;
 * `forget`, the same without counting the old name.
 */
export const regroupScript = `local source, index, prefix, mode = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local writes = mode == 'keep' or mode == 'move'
if writes and redis.call('GET', source) ~= ARGV[3] then return 0 end
local expiry = redis.call('PEXPIRETIME', source)
local existed = 0
local function drop(key) existed = redis.call('UNLINK', key) + existed end
if index then
  if redis.call('TYPE', index).ok == 'set' then
    for _, member in ipairs(redis.call('SMEMBERS', index)) do drop(prefix .. member) end
  end
  drop(index)
else
  drop(prefix)
end
if mode == 'delete' then drop(source) elseif mode == 'forget' or mode == 'move' then redis.call('UNLINK', source) end
local at, made = 4, false
while writes and ARGV[at] do
  local member, n = ARGV[at], tonumber(ARGV[at + 1])
  local key = prefix .. member
  redis.call('UNLINK', key)
  for i = at + 2, at + 1 + n, 1000 do redis.call('HSET', key, unpack(ARGV, i, math.min(i + 999, at + 1 + n))) end
  if expiry >= 0 then redis.call('PEXPIREAT', key, expiry) end
  if index then redis.call('SADD', index, member) end
  at, made = at + 2 + n, true
end
if made and index and expiry >= 0 then redis.call('PEXPIREAT', index, expiry) end
return existed > 0 and 1 or 0`
