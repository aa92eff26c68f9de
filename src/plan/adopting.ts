/**
 * The steps that adopt a key: which names they are about, and what may be done to the copy in the same unit.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import type { Step } from './types.js'

/** The alias and the canonical name that a step adopts; undefined for other steps, those that bring a queue home too. */
export function adoptedNames({ role, argv }: Step): readonly [alias: Arg, canonical: Arg] | undefined {
  if (role !== 'adopt') return undefined
  if (argv[0] === 'COPY') return [argv[1] as Arg, argv[2] as Arg]
  return argv[1] === changeScript ? [argv[3] as Arg, argv[4] as Arg] : undefined
}

/**
 * The same step, which also carries out commands on both names if it copies: so they stay equal.
 *
 * @param db the database of the alias, which is selected when the step runs
 * @param change commands without the name of the key, which goes behind the command's own: `['PEXPIRE', '60000']`
 */
export function changing(step: Step, db: number, change: readonly (readonly Arg[])[]): Step {
  const [, alias, canonical, , target = String(db)] = step.argv as readonly [Arg, Arg, Arg, Arg?, Arg?]
  const counted = change.flatMap((command) => [String(command.length), ...command])
  return { role: 'adopt', argv: ['EVAL', changeScript, '2', alias, canonical, String(db), target, ...counted] }
}

/**
 * KEYS: alias and canonical name; ARGV: the database of each, then commands behind their counts. The copy is changed first: if
 * that fails, it goes, and nothing has happened. COPY is not tried in vain: with its memory full the server refuses it.
 * On Redis 7.0 time goes on within a script, and an expiry that counts from "now" would differ by a millisecond.
 */
export const changeScript = `local here, there = ARGV[1], ARGV[2]
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if here ~= there then redis.call('SELECT', there) end
local taken = redis.call('EXISTS', KEYS[2])
if here ~= there then redis.call('SELECT', here) end
if taken == 1 then return 0 end
redis.call('COPY', KEYS[1], KEYS[2], 'DB', there)
local function change(key)
local at = 3
while ARGV[at] do
local n = tonumber(ARGV[at])
local reply = redis.pcall(ARGV[at + 1], key, unpack(ARGV, at + 2, at + n))
if type(reply) == 'table' and reply.err then return reply end
at = at + n + 1
end
end
if here ~= there then redis.call('SELECT', there) end
local failed = change(KEYS[2])
if failed then redis.call('UNLINK', KEYS[2]) end
local at = redis.pcall('PEXPIRETIME', KEYS[2])
if here ~= there then redis.call('SELECT', here) end
if failed then return failed end
change(KEYS[1])
if type(at) == 'number' and at > 0 then redis.call('PEXPIREAT', KEYS[1], at) end
return 1`
