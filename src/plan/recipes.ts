/**
 * The scripts of the planner, as data: what each brings over from the first name of a key to the second, and why the
 * same command on both names would not do.
 *
 * KEYS are the first names, then the second names. They go as EVAL: inside MULTI there is no second try after NOSCRIPT.
 * None of them is the caller's command (but `members`), so what they return is seen by nobody.
 *
 * @module
 */
import type { Arg, RecipeName } from '../commands/index.js'

/** One way of bringing the effect of a command over. */
export interface Recipe {
  readonly script: string
  /** It runs in the place of the caller's command, whose reply it returns; otherwise behind it. */
  readonly inPlace?: true
  /** ARGV, from the command as the caller wrote it and as it would be sent for the second names. */
  readonly args: (argv: readonly Arg[], mirrored: readonly Arg[]) => readonly Arg[]
}

const none = (): readonly Arg[] => []

/**
 * Whatever goes wrong in a recipe, the first name is as the caller wants it by then, and the second must not stay behind:
 * so it becomes a copy. Seen where an ACL allows EXPIRE but not PEXPIREAT, and on Redis 6.2, which has no PEXPIRETIME.
 */
const orCopy = (body: string): string =>
  dense(`local ok = pcall(function()
${body}
end)
if not ok then
  for i = 1, #KEYS / 2 do redis.call('COPY', KEYS[i], KEYS[#KEYS / 2 + i], 'REPLACE') end
end`)

/** The text goes out with each command, and the server hashes it each time. */
const dense = (script: string): string => script.replace(/\n +/g, '\n')

/**
 * The expiry of a key (EXPIRE, GETEX …). Not verbatim: what counts from "now" may count from two different
 * milliseconds, and GETEX would send its value twice. When the first name is gone, the second goes too; but where it
 * holds a value that could not be adopted it is the only copy, and then COPY fails and nothing is removed.
 */
const expiry = orCopy(`local p, m = KEYS[1], KEYS[2]
if redis.call('EXISTS', p) == 0 then
  local core = ' string list set zset hash stream '
  if not core:find(' ' .. redis.call('TYPE', m).ok .. ' ', 1, true) then redis.call('COPY', m, p) end
  return redis.call('UNLINK', p, m)
end
local at = redis.call('PEXPIRETIME', p)
if at < 0 then return redis.call('PERSIST', m) end
return redis.call('PEXPIREAT', m, at)`)

/**
 * Fields of a hash with their expiries (HEXPIRE, HGETEX, HSETEX). Not verbatim, for the reason of `expiry`; and EXPIRE 0
 * removes fields. ARGV: the fields that the command names. What it did to them is not asked: they are made equal.
 */
const fields = orCopy(`local p, m = KEYS[1], KEYS[2]
local kind = redis.call('TYPE', p).ok
if kind == 'none' and redis.call('TYPE', m).ok == 'hash' then return redis.call('UNLINK', m) end
if kind ~= 'hash' then return 0 end
if redis.call('EXISTS', m) == 0 then return redis.call('COPY', p, m) end
for _, f in ipairs(ARGV) do
  local value = redis.call('HGET', p, f)
  if not value then
    redis.call('HDEL', m, f)
  else
    if redis.call('HGET', m, f) ~= value then redis.call('HSET', m, f, value) end
    local at = redis.call('HPEXPIRETIME', p, 'FIELDS', 1, f)[1]
    if at > 0 then redis.call('HPEXPIREAT', m, at, 'FIELDS', 1, f)
    else redis.call('HPERSIST', m, 'FIELDS', 1, f) end
  end
end`)

/**
 * The newest entry of a stream, and how much of its beginning is left (XADD, XTRIM). Not verbatim: `*` takes the id from
 * the clock, and `~` trims whole nodes, which the two copies may have cut differently. An entry that the second name has
 * already is refused there: then the command added nothing. Where all is trimmed away, the new entry too, nothing shows
 * its id, and the empty stream is copied.
 */
const stream = orCopy(`local p, m = KEYS[1], KEYS[2]
if redis.call('TYPE', p).ok ~= 'stream' then return 0 end
local function newest(key) return redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1] end
local last = newest(p)
if not last then return redis.call('COPY', p, m, 'REPLACE') end
local added = redis.pcall('XADD', m, last[1], unpack(last[2]))
if type(added) == 'table' and newest(m)[1] ~= last[1] then error(added.err) end
if redis.call('XLEN', p) == redis.call('XLEN', m) then return 1 end
return redis.call('XTRIM', m, 'MINID', '=', redis.call('XRANGE', p, '-', '+', 'COUNT', 1)[1][1])`)

/**
 * SPOP, which draws: a second one would draw other members. Which they were stands only in its reply, so it is called
 * here. The shapes of RESP3 tell a set from a list, and the server turns them into those of the connection. ARGV: what
 * stands behind the key. An error is returned, not raised, so that it reads as that of the bare command.
 */
const members = dense(`redis.setresp(3)
local p, m = KEYS[1], KEYS[2]
local reply = redis.pcall('SPOP', p, unpack(ARGV))
local gone = {}
if type(reply) == 'string' then gone[1] = reply
elseif type(reply) == 'table' and reply.set then
  for member in pairs(reply.set) do gone[#gone + 1] = member end
end
for i = 1, #gone, 1000 do
  local done = redis.pcall('SREM', m, unpack(gone, i, math.min(i + 999, #gone)))
  if type(done) == 'table' then
    if redis.call('COPY', p, m, 'REPLACE') == 0 then redis.call('UNLINK', m) end
    break
  end
end
return reply`)

/**
 * XREADGROUP, called again without a reply: the entries would cross the network twice. Verbatim alone would not do on
 * Redis 7.0, which notes the moment of delivery by the clock as each command runs, where later servers stop it for the
 * whole transaction; so the second name gets the moments of the first. XPENDING says for how long an entry has waited,
 * and since the clock may run on meanwhile, it is asked again until it has not. When the first entry here and the last
 * there were delivered in one millisecond, all were. ARGV: group, consumer, then the command for the second names.
 * An entry that was deleted is left out: XCLAIM would take it off the list of the consumer.
 */
const group = orCopy(`redis.setresp(2)
local reply = redis.pcall(unpack(ARGV, 3))
if type(reply) ~= 'table' or reply.err then return 0 end
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function moments(key, from, to, count)
  repeat
    local before = now()
    local pending = redis.call('XPENDING', key, ARGV[1], from, to, count, ARGV[2])
    local after = now()
    if before == after then
      local found = {}
      for _, one in ipairs(pending) do found[one[1]] = after - one[3] end
      return found
    end
  until false
end
local half = #KEYS / 2
for _, part in ipairs(reply) do
  local p, m, ids = nil, part[1], {}
  for i = 1, half do if KEYS[half + i] == m then p = KEYS[i] end end
  for _, entry in ipairs(part[2]) do if entry[2] then ids[#ids + 1] = entry[1] end end
  local first, last = ids[1], ids[#ids]
  if first and moments(p, first, first, 1)[first] ~= moments(m, last, last, 1)[last] then
    local at = moments(p, first, last, #part[2])
    for _, id in ipairs(ids) do
      if at[id] then
        redis.call('XCLAIM', m, ARGV[1], ARGV[2], 0, id, 'TIME', string.format('%.0f', at[id]), 'JUSTID')
      end
    end
  end
end`)

/** The recipes by the name that the command table gives them. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  expiry: { script: expiry, args: none },
  fields: { script: fields, args: (argv) => fieldsOf(argv) },
  stream: { script: stream, args: none },
  members: { script: members, inPlace: true, args: (argv) => argv.slice(2) },
  group: { script: group, args: (argv, mirrored) => [...readerOf(argv), ...mirrored] },
}

/**
 * `… FIELDS count field …`, or `field value …` for HSETEX. Of a line that the server refuses this finds anything: to make
 * any field equal does no harm.
 */
function fieldsOf(argv: readonly Arg[]): readonly Arg[] {
  const at = argv.findIndex((arg, i) => i > 1 && arg.toString().toLowerCase() === 'fields')
  if (at < 0) return []
  const named = argv.slice(at + 2)
  return argv[0]?.toString().toLowerCase() === 'hsetex' ? named.filter((_, i) => i % 2 === 0) : named
}

/** Group and consumer stand behind GROUP, which may follow other options. */
function readerOf(argv: readonly Arg[]): readonly Arg[] {
  const at = argv.findIndex((arg) => arg.toString().toLowerCase() === 'group')
  return argv.slice(at + 1, at + 3)
}

/** Older spellings go once the first alias has overtaken them; while it does not exist they are the only copy. */
export const supersedeScript =
  "if redis.call('EXISTS',KEYS[1])==1 then return redis.call('UNLINK',KEYS[2]) end return 0"

/**
 * Mirrors or drops M where a value may have no COPY (vector sets, RedisBloom; `EXPIRE` does not show what its key holds).
 * When P is missing, either the command removed it, and M goes too; or it could not be adopted, and M is the only copy.
 * A COPY of M tells the two apart: it gives the server's error in the second case, and then nothing is removed.
 */
export const guardScript = [
  "if redis.call('EXISTS',KEYS[1])==1 then",
  "if ARGV[1]=='mirror' then return redis.call('COPY',KEYS[1],KEYS[2],'REPLACE') end",
  "return redis.call('UNLINK',KEYS[2]) end",
  "if redis.call('EXISTS',KEYS[2])==0 then return 0 end",
  "redis.call('COPY',KEYS[2],KEYS[1])",
  "return redis.call('UNLINK',KEYS[1],KEYS[2])",
].join(' ')

/**
 * After a replay where values may have no COPY: the first name holds one, so its COPY failed and HSET did (WRONGTYPE),
 * while HSET on the second name, which is missing, made a hash of it. That hash goes.
 */
export const tidyScript = `local kind = redis.call('TYPE', KEYS[1]).ok
if (' none string list set zset hash stream '):find(' ' .. kind .. ' ', 1, true) then return 0 end
if kind == redis.call('TYPE', KEYS[2]).ok then return 0 end
return redis.call('UNLINK', KEYS[2])`
