/**
 * Scripts that only look: sizes for an estimate, bytes for a backup, everything about a key for an analysis.
 *
 * @module
 */
import { frame } from './frame.js'

/**
 * What a copy would add. Flags: `back` from the canonical key; `replace`.
 * Reply: `{'copy' | 'none', bytes}`.
 */
export const costScript = frame(`
local function each(canonical, aliases)
  local which = first(aliases)
  local source, target = which and aliases[which], canonical
  if flags.back then source, target = canonical, aliases[1] end
  if not source or not exists(source) or exists(target) then return { 'none', 0 } end
  return { 'copy', size(source) }
end`)

/**
 * The bytes of every alias that exists. Reply: `{'dumped', which, type, expiry or -1, DUMP, which, …}`; an alias of a big
 * key is dumped as well: a backup has to have it.
 */
export const dumpScript = frame(`
local function each(_, aliases)
  local reply = { 'dumped' }
  for i = 1, #aliases do
    local dump = call(aliases[i], 'DUMP')
    if dump then
      for _, part in ipairs({ i, call(aliases[i], 'TYPE').ok, (expiry(aliases[i])), dump }) do reply[#reply + 1] = part end
    end
  end
  return reply
end`)

/**
 * About single keys: each is given as a canonical name in the database of its one "alias", which is a name to look for
 * in the home database. Reply: `{type, PTTL, bytes, does the other exist}`; type `none` for a key that has gone.
 */
export const measureScript = frame(`
local function each(other, places)
  local place = places[1]
  local kind = call(place, 'TYPE').ok
  if kind == 'none' then return { kind, -2, 0, 0 } end
  return { kind, call(place, 'PTTL'), size(place), exists(other) and 1 or 0 }
end`)

/** Reply: `{type}` of the alias that would be copied, `none` where there is none. */
export const typeScript = frame(`
local function each(_, aliases)
  local which = first(aliases)
  return { which and call(aliases[which], 'TYPE').ok or 'none' }
end`)
