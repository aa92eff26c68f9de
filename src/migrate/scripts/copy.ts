/**
 * Copies between the names of a logical key, and the removal of names that the copied side does not have.
 *
 * @module
 */
import { frame } from './frame.js'
import { giveTime } from './ttl.js'

/**
 * Flags: `replace` overwrites; `back` copies the canonical key over its first alias instead, and removes the older
 * ones, which it has overtaken; `dry` only says what would be; and those of {@link giveTime}.
 * Reply: `{outcome, aliases that exist, was it given a time to live}`; for a big key `{'big', aliases that exist, source (0: canonical), bytes}`.
 */
export const copyScript = frame(`${giveTime}
local function there(canonical, aliases, count)
  return { 'skipped', count, give_time(canonical, aliases, canonical, false) }
end
local function back(canonical, aliases, count)
  if not exists(canonical) then return { 'vanished', count } end
  local bytes = big(canonical)
  if bytes then return { 'big', count, 0, bytes } end
  if not flags.dry then
    call(canonical, 'COPY', aliases[1].name, 'DB', aliases[1].db, 'REPLACE')
    for i = 2, #aliases do call(aliases[i], 'UNLINK') end
  end
  return { 'migrated', count }
end
local function forward(canonical, aliases, source, count)
  local bytes = big(aliases[source])
  if flags.dry or bytes then
    if not flags.replace and exists(canonical) then return there(canonical, aliases, count) end
    if not exists(aliases[source]) then return { 'vanished', 0 } end
    if bytes then return { 'big', count, source, bytes } end
    return { 'migrated', count, give_time(canonical, aliases, aliases[source], true) }
  end
  local copied
  if flags.replace then copied = call(aliases[source], 'COPY', canonical.name, 'DB', home, 'REPLACE')
  else copied = call(aliases[source], 'COPY', canonical.name, 'DB', home) end
  if copied == 1 then return { 'migrated', count, give_time(canonical, aliases, canonical, true) } end
  if exists(canonical) and not flags.replace then return there(canonical, aliases, count) end
  return { 'vanished', count }
end
local function each(canonical, aliases)
  -- Most keys have one alias: whether it is there comes out when it is copied.
  if not flags.back and #aliases == 1 then return forward(canonical, aliases, 1, 1) end
  local source, count = first(aliases)
  if flags.back then return back(canonical, aliases, count) end
  if not source then return { not flags.replace and exists(canonical) and 'skipped' or 'vanished', 0 } end
  return forward(canonical, aliases, source, count)
end`)

/**
 * Removes what has no counterpart. Flags: `alias` removes aliases without a canonical key, otherwise the canonical key
 * without an alias goes; `dry`. Reply: `{'removed' | 'paired' | 'vanished', aliases that exist}`.
 */
export const pruneScript = frame(`
local function each(canonical, aliases)
  local source, count = first(aliases)
  local has = exists(canonical)
  if source and has then return { 'paired', count } end
  if not source and not has then return { 'vanished', 0 } end
  if (source ~= nil) ~= (flags.alias == true) then return { 'paired', count } end
  if not flags.dry then unlink(flags.alias and aliases or { canonical }) end
  return { 'removed', count }
end`)
