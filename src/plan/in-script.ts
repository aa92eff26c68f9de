/**
 * The same steps in one script instead of MULTI … EXEC. For a connection that WATCHes: an EXEC of ours would end the
 * caller's WATCH, and the caller's own EXEC would then run although a watched key had changed. And for a server whose
 * memory is full: it queues nothing in MULTI then, not even DEL.
 *
 * @module
 */
import type { Arg } from '../commands/index.js'
import { CanonicalRedisError } from '../errors.js'
import type { Plan, Step } from './types.js'

/** How a connection reads replies. */
export type Protocol = 2 | 3

/**
 * A plan of one step, an EVAL that carries out all the steps of this one, as one unit.
 *
 * In Lua, a list with a nil in it is right only in the shapes of RESP2, and a score or a set only in those of RESP3. So
 * a RESP3 connection gets the shapes of RESP3 except from those that may hold a nil: {@link holdingNil}.
 *
 * @param protocol of the connection, whose shape the reply must have
 * @throws {@link CanonicalRedisError} `E_UNSUPPORTED` for a command that the server does not allow in a script
 */
export function inScript(plan: Plan, protocol: Protocol): Plan {
  const { row } = plan.located
  if (row.flags.includes('noscript') || plan.steps.some(({ argv }) => argv.length > MOST_ARGUMENTS)) refuse(row.name)
  const holder = protocol === 3 ? holdingNil[row.name] : undefined
  const shapes = protocol === 3 && holder === undefined ? 3 : 2
  const last = holder === 'map' ? 'return asMap(reply)' : 'return reply'
  const script = [prologue, ...plan.steps.map((step, i) => lineOf(step, i, plan.op)), last].join('\n')
  const counted = plan.steps.flatMap((step) => [String(step.argv.length), ...(isScript(step) ? bare(step) : step.argv)])
  // The names are declared for a cluster, which finds the node by them.
  const names = new Set(namesOf(plan))
  const argv = ['EVAL', script, String(names.size), ...names, String(shapes), ...counted]
  return { ...plan, steps: [{ role: 'op', argv }], op: 0, atomic: false, optimistic: false }
}

/** The names that the op works on: those it declares where it is a script of ours, as SPOP is. */
function namesOf({ steps, op, located }: Plan): readonly Arg[] {
  const { argv } = steps[op] as Step
  if (argv[0] === 'EVAL') return argv.slice(3, 3 + Number(argv[2]))
  return located.keys.map(({ index }) => argv[index] as Arg)
}

/**
 * Writes whose reply may hold a nil: a field that is missing, a number that would overflow, an entry that was deleted
 * since it was delivered. And what the reply is in RESP3: the list that it is in RESP2, or a map made of its pairs.
 */
const holdingNil: Readonly<Record<string, 'list' | 'map' | undefined>> = {
  bitfield: 'list',
  hgetdel: 'list',
  hgetex: 'list',
  xreadgroup: 'map',
}

/** `unpack` of Lua ends near 8,000. */
const MOST_ARGUMENTS = 7_000

/** Each step's arguments stand behind their count. A script of ours inside the script is called as a function. */
const prologue = [
  "if ARGV[1] == '3' then redis.setresp(3) end",
  'local at, reply, failed = 2, nil, nil',
  'local function call()',
  '  local n = tonumber(ARGV[at])',
  '  at = at + n + 1',
  '  return redis.pcall(unpack(ARGV, at - n, at - 1))',
  'end',
  'local function inner(body)',
  '  local n, names = tonumber(ARGV[at]), tonumber(ARGV[at + 3])',
  '  local keys, args = {}, {}',
  '  for i = at + 4, at + 3 + names do keys[#keys + 1] = ARGV[i] end',
  '  for i = at + 4 + names, at + n do args[#args + 1] = ARGV[i] end',
  '  at = at + n + 1',
  '  local ok, value = pcall(body, keys, args)',
  "  if ok or type(value) == 'table' then return value end",
  '  return { err = value }',
  'end',
  // A COPY before the op that fails (no memory) matters only where there was something to copy.
  'local function copy()',
  '  local n, from, to = tonumber(ARGV[at]), ARGV[at + 2], ARGV[at + 3]',
  '  local one = call()',
  "  if type(one) ~= 'table' or not one.err then return end",
  "  if n > 3 or (redis.call('EXISTS', from) == 1 and redis.call('EXISTS', to) == 0) then failed = one end",
  'end',
  'local function asMap(list)',
  "  if type(list) ~= 'table' or list.err then return list end",
  '  local map = {}',
  '  for _, pair in ipairs(list) do map[pair[1]] = pair[2] end',
  '  return { map = map }',
  'end',
  "local function adopt(one) if type(one) == 'table' and one.err then failed = one end end",
].join('\n')

function lineOf(step: Step, i: number, op: number): string {
  const call = isScript(step) ? `inner(function(KEYS, ARGV)\n${String(step.argv[1])}\nend)` : 'call()'
  if (i === op) return `reply = ${call}`
  if (i > op) return call
  const isCopy = String(step.argv[0]).toUpperCase() === 'COPY'
  if (!isCopy && step.role !== 'adopt') return call
  // Before the op nothing has changed yet.
  return `${isCopy ? 'copy()' : `adopt(${call})`} if failed then return failed end`
}

const isScript = ({ argv }: Step): boolean => argv[0] === 'EVAL'

/** Its text stands in the script already. */
const bare = ({ argv }: Step): Arg[] => ['EVAL', '', ...argv.slice(2)]

/** What the servers say in a script, where they do not name the command. */
const wrongNumber = /^ERR Wrong number of args calling (Redis )?command from script/
const unknown = /^ERR Unknown (Redis )?command called from script/

/** The error as it reads outside a script, for the op of a plan that was sent in one. */
export function outsideScript(error: Error, { steps, op, located }: Plan): Error {
  const [command = '', ...args] = steps[op]?.argv ?? []
  if (wrongNumber.test(error.message)) {
    error.message = `ERR wrong number of arguments for '${located.row.name.replace(' ', '|')}' command`
  } else if (unknown.test(error.message)) {
    error.message = `ERR unknown command '${command.toString()}', with args beginning with: ${beginning(args)}`
  }
  return error
}

/** As the server quotes arguments: up to 128 bytes of them. */
function beginning(args: readonly Arg[]): string {
  let text = ''
  for (const arg of args) if (text.length < 128) text += `'${arg.toString().slice(0, 128 - text.length)}' `
  return text
}

function refuse(command: string): never {
  throw new CanonicalRedisError(
    'E_UNSUPPORTED',
    `${command.toUpperCase()} between WATCH and MULTI: in this phase it takes a transaction of its own, whose EXEC would ` +
      'end the WATCH, and the server does not allow it in a script instead',
    { hint: 'send it before WATCH, or inside the transaction' },
  )
}
