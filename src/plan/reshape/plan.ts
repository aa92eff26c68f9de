/**
 * Commands on names of a transform: which go out as they are, which take a flow, and which are refused.
 *
 * @module
 */
import type { Arg, KeyRef, Located } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import type { Phase } from '../../phases/index.js'
import type { Group, Part } from '../../schema/index.js'
import type { Plan, PlanContext, Step } from '../types.js'
import { commandFlow } from './flow.js'
import { regroupScript } from './scripts.js'
import { reshapeTable } from './table.js'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const onAny = 'exists type ttl pttl expiretime pexpiretime'
const ends = 'expire pexpire expireat pexpireat persist'

/** What may be done under each kind of name while it does not simply stand where it is. */
const followed: Readonly<Record<Part['part'], ReadonlySet<string>>> = {
  source: words(`${onAny} get getrange strlen set setnx setex psetex getset getdel getex del unlink ${ends}`),
  piece: words(
    `${onAny} hget hmget hgetall hkeys hvals hlen hexists hstrlen hscan hrandfield hset hsetnx hmset hdel hincrby ` +
      'hincrbyfloat del unlink',
  ),
  index: words(`${onAny} smembers sismember smismember scard sscan srandmember sadd srem del unlink`),
}

/** Pieces have ends of their own only once the old form is no longer kept. */
const endings = words(ends)

/** In Lua a list with a nil in it is right only in the shapes of RESP2. */
const listsWithNil = words('hmget')

/** Where names are used as they stand. */
const direct: Readonly<
  Record<Phase, { readonly source: 'all' | 'reads' | 'none'; readonly pieces: 'all' | 'reads' | 'none' }>
> = {
  alias: { source: 'all', pieces: 'none' },
  prepare: { source: 'reads', pieces: 'none' },
  'dual-write': { source: 'reads', pieces: 'none' },
  'dual-read': { source: 'none', pieces: 'none' },
  'canonical-primary': { source: 'none', pieces: 'reads' },
  'retire-alias': { source: 'none', pieces: 'none' },
  canonical: { source: 'none', pieces: 'all' },
}

/** One key of a transform in a command line. */
interface Named {
  readonly part: Part
  readonly phase: Phase
  readonly reads: boolean
}

/**
 * The plan of a command that names keys of a transform; undefined where it names none, or where all of them are used as they
 * stand.
 *
 * @throws CanonicalRedisError `E_UNSUPPORTED`, `E_TRANSFORM`, `E_CROSS_SLOT`; nothing has been sent then.
 */
export function planReshaped(argv: readonly Arg[], located: Located, context: PlanContext): Plan | undefined {
  const { transforms, mapper } = context
  // Of a schema with transforms most names are others all the same: for them this makes nothing.
  const isOurs = ({ index }: KeyRef): boolean =>
    transforms?.has(mapper.glance(argv[index] as Arg)?.family ?? '') === true
  if (!located.keys.some(isOurs)) return undefined
  const all = located.keys.flatMap(({ index, use }): Named[] => {
    const part = transforms?.find(argv[index] as Arg)
    return part ? [{ part, phase: context.phaseOf(part.group.transform.name), reads: use === 'read' }] : []
  })
  const [only, ...others] = all.filter((named) => !isDirect(named))
  if (only === undefined) return undefined
  if (others.length > 0 || located.keys.length > 1 || located.row.special) return refuseSeveral(argv, only)
  if (only.phase === 'prepare' && only.part.part === 'source') return dropping(argv, located, only.part.group, context)
  if (!isFollowed(located.row.name, only)) return refuseCommand(argv, only)
  refuseOtherSlots(only.part, context)
  return overwriting(argv, located, only) ?? flowing(argv, located, only, context)
}

function isDirect({ part, phase, reads }: Named): boolean {
  const which = direct[phase][part.part === 'source' ? 'source' : 'pieces']
  return which === 'all' || (which === 'reads' && reads)
}

function isFollowed(name: string, { part, phase }: Named): boolean {
  return followed[part.part].has(name) || (endings.has(name) && reshapeTable[phase].source === 'drop')
}

const planOf = (steps: readonly Step[], located: Located): Plan => ({
  steps,
  op: 0,
  atomic: steps.length > 1,
  optimistic: false,
  located,
  renames: [],
})

const regroup = ({ source, index, prefix }: Group, mode: string, ...args: Arg[]): Arg[] => {
  const names = index === undefined ? [source] : [source, index]
  return ['EVAL', regroupScript, String(names.length), ...names, prefix, mode, ...args]
}

/** In `prepare` the old value is changed as ever, and the pieces are dropped in the same unit. */
function dropping(argv: readonly Arg[], located: Located, group: Group, context: PlanContext): Plan {
  refuseOtherSlots({ group, part: 'source', member: '' }, context)
  return planOf(
    [
      { role: 'op', argv },
      { role: 'drop', argv: regroup(group, 'drop') },
    ],
    located,
  )
}

/** Commands that replace the old value unread need no look: they are one unit, also inside MULTI. */
function overwriting(argv: readonly Arg[], located: Located, { part, phase }: Named): Plan | undefined {
  const { group } = part
  if (part.part !== 'source') return undefined
  const rule = reshapeTable[phase]
  const { name } = located.row
  if (name === 'del' || name === 'unlink') {
    if (rule.primary === 'source') {
      const drop: Step = { role: 'drop', argv: regroup(group, 'drop') }
      return planOf([{ role: 'op', argv }, drop], located)
    }
    const mode = phase === 'canonical' ? 'forget' : 'delete'
    return planOf([{ role: 'op', argv: regroup(group, mode) }], located)
  }
  const value = newValueOf(name, argv)
  if (value === undefined) return undefined
  const pieces = [...group.transform.up(group, value)].flatMap(([member, fields]) => [
    member,
    String(fields.size * 2),
    ...[...fields].flat(),
  ])
  const mode = rule.source === 'write' ? 'keep' : 'move'
  const mirror: Step = { role: 'mirror', argv: regroup(group, mode, value, ...pieces) }
  return planOf([{ role: 'op', argv }, mirror], located)
}

const until = /^(ex|px|exat|pxat)$/i

/** What a command sets whatever was there; undefined for one that looks first (NX, GET, KEEPTTL …). */
function newValueOf(name: string, argv: readonly Arg[]): string | undefined {
  if (name === 'setex' || name === 'psetex') return argv.length === 4 ? String(argv[3]) : undefined
  if (name !== 'set') return undefined
  const plain = argv.length === 3 || (argv.length === 5 && until.test(String(argv[3])))
  return plain ? String(argv[2]) : undefined
}

function flowing(argv: readonly Arg[], located: Located, { part, phase, reads }: Named, context: PlanContext): Plan {
  if (context.inTransaction) {
    throw refusal(
      argv,
      part,
      phase,
      'reads what is there, works out the other form, and comes back: that cannot be done inside MULTI',
      {
        hint: 'send it by itself; inside MULTI and pipelines go SET and DEL of the old form, and what the phase leaves as it is',
      },
    )
  }
  const task = { part, phase, argv, located, writes: !reads }
  const flow: Plan['flow'] = {
    group: part.group.source,
    start: (shapes) => commandFlow({ ...task, shapes: listsWithNil.has(located.row.name) ? 2 : shapes }),
  }
  return { ...planOf([{ role: 'op', argv }], located), flow }
}

function refuseOtherSlots({ group, member }: Part, { slotOf }: PlanContext): void {
  if (slotOf === undefined) return
  const { source, index, prefix, transform } = group
  // Whatever stands behind the prefix: with a hash tag in it, nothing that follows changes the slot.
  const names = [source, ...(index === undefined ? [] : [index]), `${prefix}${member}`, `${prefix}x`, `${prefix}y`]
  const used = transform.index === undefined ? names.slice(0, -2) : names
  if (used.every((name) => slotOf(name) === slotOf(source))) return
  throw new CanonicalRedisError(
    'E_CROSS_SLOT',
    `the keys of the transform "${transform.name}" for "${source}" lie in different slots, and have to change in one unit`,
    { hint: 'put the same hole into braces in all its patterns, such as positions:{<user>}:…' },
  )
}

function refuseSeveral(argv: readonly Arg[], { part, phase }: Named): never {
  throw refusal(argv, part, phase, 'names several keys, or keys that are made inside a script', {
    hint: 'send one command for each key; in "alias" the old form, and in "canonical" the pieces, take every command',
  })
}

function refuseCommand(argv: readonly Arg[], { part, phase }: Named): never {
  const known = [...followed[part.part]].map((word) => word.toUpperCase()).join(', ')
  throw refusal(argv, part, phase, 'is not among those that can be followed', { hint: `these can: ${known}` })
}

const kinds: Readonly<Record<Part['part'], string>> = {
  source: 'the old form',
  piece: 'a piece',
  index: 'the index',
}

function refusal(
  argv: readonly Arg[],
  { group, part }: Part,
  phase: Phase,
  why: string,
  details: { readonly hint: string },
): CanonicalRedisError {
  const command = String(argv[0]).toUpperCase()
  return new CanonicalRedisError(
    'E_UNSUPPORTED',
    `${command} on ${kinds[part]} of the transform "${group.transform.name}" in "${phase}" ${why}`,
    details,
  )
}
