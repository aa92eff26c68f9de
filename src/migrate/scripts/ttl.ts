/**
 * Times to live by the rule of a family (`.ttl()` in the schema).
 *
 * @module
 */
import type { FamilyInfo } from '../../schema/index.js'
import { frame } from './frame.js'

/** A rule as a word among the flags of a script; undefined for a family without one. */
export const ruleWord = ({ ttl }: Pick<FamilyInfo, 'ttl'>): string | undefined =>
  ttl && `ttl:${ttl.when}:${ttl.seconds * 1000}`

/** Lua: `by_rule(was, at)`: may the rule have put the expiry `at` in the place of `was`? (-1: none.) */
export const byRule = `
local rule, rule_ms = ARGV[2]:match('ttl:(%a+):(%d+)')
local function end_by_rule()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(rule_ms)
end
local function by_rule(was, at)
  if not rule or at < 0 or at > end_by_rule() then return false end
  return was < 0 or rule == 'always' or (rule == 'shorter' and was > at)
end`

/**
 * Lua: `give_time(canonical, aliases, source, is_copy)` gives the canonical key what the rule says, and says whether (1
 * or 0). `source` is where its expiry is read, which in a dry run is the alias.
 *
 * A pair that was there before may have its time from an earlier run. So there `always` does no more than `shorter`:
 * otherwise each run would put the end off. Flags: `both`: clients read the canonical name first and adopt the alias on a
 * miss, so the alias gets the same end, or the key would come back after it; `keep`: rules do not count; `dry`.
 */
export const giveTime = `${byRule}
local function is_due(at, is_copy)
  if at < 0 then return true end
  return rule ~= 'missing' and ((is_copy and rule == 'always') or at > end_by_rule())
end
local function give_time(canonical, aliases, source, is_copy)
  if not rule or flags.keep then return 0 end
  local at = expiry(source)
  local due = is_due(at, is_copy)
  if flags.dry then return due and 1 or 0 end
  if due then
    at = end_by_rule()
    call(canonical, 'PEXPIREAT', at)
  end
  for i = 1, flags.both and #aliases or 0 do
    if exists(aliases[i]) and by_rule(expiry(aliases[i]), at) then call(aliases[i], 'PEXPIREAT', at) end
  end
  return due and 1 or 0
end`

/** Gives a key its time after it was copied in pieces. Flags: as of {@link giveTime}. Reply: `{'given' | 'kept'}`. */
export const timeScript = frame(`${giveTime}
local function each(canonical, aliases)
  if not exists(canonical) then return { 'kept' } end
  return { give_time(canonical, aliases, canonical, true) == 1 and 'given' or 'kept' }
end`)
