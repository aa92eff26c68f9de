/**
 * The scripts that bring a queue to one name. They go as EVAL: inside MULTI there is no second try after NOSCRIPT.
 *
 * Normally the queue lies under one name, and bringing it is a RENAME, whatever its length. It lies under two when a raw
 * client pushed to the alias meanwhile; then the shorter part moves over to the longer.
 *
 * They may run inside another script whose replies have the shapes of RESP3, so they ask nothing that the two shape
 * differently, but the score of one member.
 *
 * @module
 */

/** What lies under a name that its stream was lent from; only ever seen inside one transaction. */
const MARK = "'\\0canonical-redis: lent'"

/**
 * KEYS: the home, then the other names, the nearest in the order of serving first. ARGV: whether jobs of the other names
 * are served `before` or `after` those at home; the end that jobs are taken from, `left` or `right`; and `move`, or `lend`,
 * which puts a mark in the place of a stream, so that {@link returnScript} takes it back.
 *
 * A stream that has groups is never merged into another: which of its entries are done differs from group to group. Two
 * such stay apart (raw consumers made the second), and the home alone is used.
 */
export const gatherScript = `local home, before, left, lends = KEYS[1], ARGV[1] == 'before', ARGV[2] == 'left', ARGV[3] == 'lend'
local call = redis.call
local function kind(name) return call('TYPE', name).ok end
local function put(name, values, right)
  for from = 1, #values, 1000 do
    local part = {}
    for i = from, math.min(from + 999, #values) do part[#part + 1] = values[right and i or #values + 1 - i] end
    call(right and 'RPUSH' or 'LPUSH', name, unpack(part))
  end
end
local merge = {}
function merge.list(other)
  local right, values = left ~= before, nil
  if call('LLEN', other) > call('LLEN', home) then
    right, values = not right, call('LRANGE', home, 0, -1)
    call('RENAME', other, home)
  else
    values = call('LRANGE', other, 0, -1)
    call('DEL', other)
  end
  put(home, values, right)
end
function merge.zset(other)
  local into, from = home, other
  if call('ZCARD', other) > call('ZCARD', home) then into, from = other, home end
  for _, member in ipairs(call('ZRANGE', from, 0, -1)) do
    local score = call('ZSCORE', from, member)
    if type(score) == 'table' then score = string.format('%.17g', score.double) end
    call('ZADD', into, 'LT', score, member)
  end
  if from == home then call('RENAME', other, home) else call('DEL', other) end
end
function merge.stream(other)
  local into, from = home, other
  if #call('XINFO', 'GROUPS', from) > 0 then into, from = other, home end
  if #call('XINFO', 'GROUPS', from) > 0 then return end
  for _, entry in ipairs(call('XRANGE', from, '-', '+')) do
    local added = redis.pcall('XADD', into, entry[1], unpack(entry[2]))
    if type(added) == 'table' and added.err then call('XADD', into, '*', unpack(entry[2])) end
  end
  call('DEL', from)
end
for i = 2, #KEYS do
  local other = KEYS[i]
  local theirs, ours = kind(other), kind(home)
  if theirs == ours and merge[ours] then
    merge[ours](other)
    ours = kind(home)
  end
  if theirs ~= 'none' and ours == 'none' then
    call('RENAME', other, home)
    if lends and theirs == 'stream' then call('SET', other, ${MARK}) end
  end
end
return 0`

/** KEYS as for {@link gatherScript}: a stream that was lent goes back under its name. */
export const returnScript = `local home = KEYS[1]
for i = 2, #KEYS do
  local other = KEYS[i]
  if redis.call('TYPE', other).ok == 'string' and redis.call('GET', other) == ${MARK} then
    redis.call('DEL', other)
    if redis.call('EXISTS', home) == 1 then redis.call('RENAME', home, other) end
  end
end
return 0`
