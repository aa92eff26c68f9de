/**
 * May the user do what the migrator does? Asked of the server, as the very user that is logged in.
 *
 * @module
 */
import type { Port } from '../../clients/port.js'
import type { Schema } from '../../schema/index.js'
import { plural } from '../text.js'
import type { Finding } from './finding.js'

/** A command with a key of each side, and what for. `A` and `C` stand for the names. */
const needed: readonly (readonly [command: string, verbs: string])[] = [
  ['SCAN 0', 'all verbs'],
  ['DBSIZE', 'all verbs'],
  ['EVALSHA x 2 C A', 'all verbs'],
  ['TYPE A', 'analyze, verify'],
  ['PTTL A', 'analyze, verify'],
  ['PEXPIRETIME A', 'verify'],
  ['EXISTS C', 'all verbs'],
  ['EXISTS A', 'all verbs'],
  ['COPY A C', 'migrate'],
  ['COPY C A', 'migrate --direction reverse, rollback'],
  ['DUMP A', 'verify, cleanup --backup'],
  ['DUMP C', 'verify'],
  ['HGETALL A', 'verify'],
  ['SMEMBERS A', 'verify'],
  ['LRANGE A 0 1', 'verify'],
  ['ZRANGE A 0 1', 'verify'],
  ['XRANGE A - +', 'verify'],
  ['XINFO STREAM A FULL', 'verify'],
  ['UNLINK A', 'cleanup'],
  ['UNLINK C', 'migrate --overwrite'],
  ['RESTORE A 0 x', 'rollback --restore'],
  ['RENAMENX A C', 'migrate (queues)'],
  ['MULTI', 'wrapped clients'],
  ['WATCH A', 'big keys'],
]

/** Useful, but the migrator does without: with a note in the result. */
const useful: readonly (readonly [command: string, verbs: string])[] = [
  ['INFO', 'throttle, memory, checkpoints'],
  ['MEMORY USAGE A', 'sizes'],
]

/** `acl_check_cmd` came with Redis 7.0; a command that the server does not have raises an error, and is not needed there. */
const lua = `
if not redis.acl_check_cmd then return 'old' end
local reply = {}
for i = 1, #ARGV do
  local words = cjson.decode(ARGV[i])
  local ok, may = pcall(redis.acl_check_cmd, unpack(words))
  reply[i] = (not ok or may) and 1 or 0
end
return reply`

/** A question: a command line, and the names in it. */
interface Asked {
  readonly words: readonly string[]
  readonly verbs: string
  readonly isNeeded: boolean
  readonly names: readonly string[]
}

/** A name that a pattern may give. ACLs go by globs, so that any filling will do. */
const example = (source: string): string => source.replace(/<<|<[^>]*>/g, (hole) => (hole === '<<' ? '<' : '1'))

/** A pair of names, and the globs of all of their kind. */
interface Pair {
  readonly A: string
  readonly C: string
  readonly globs: ReadonlyMap<string, string>
}

const pairsOf = (schema: Schema, keyPrefix: string): Pair[] =>
  [...schema.families.values()].flatMap(({ canonical, aliases }) =>
    aliases.map((alias) => {
      const [A, C] = [keyPrefix + example(alias.source), keyPrefix + example(canonical.source)]
      return { A, C, globs: new Map([[A, keyPrefix + alias.glob] as const, [C, keyPrefix + canonical.glob] as const]) }
    }),
  )

function questions(pairs: readonly Pair[]): Asked[] {
  const all = [...needed.map((one) => [...one, true] as const), ...useful.map((one) => [...one, false] as const)]
  return all.flatMap(([command, verbs, isNeeded]) => {
    const parts = command.split(' ')
    const holes = parts.filter((part): part is 'A' | 'C' => part === 'A' || part === 'C')
    // A command without a key is asked for once.
    return (holes.length > 0 ? pairs : pairs.slice(0, 1)).map((pair) => ({
      words: parts.map((part) => (part === 'A' || part === 'C' ? pair[part] : part)),
      verbs,
      isNeeded,
      names: holes.map((hole) => pair[hole]),
    }))
  })
}

/** What the user may not do. */
export async function checkPermissions(port: Port, schema: Schema, keyPrefix: string): Promise<Finding[]> {
  const pairs = pairsOf(schema, keyPrefix)
  const asked = questions(pairs)
  if (asked.length === 0) return []
  const [reply] = await port.pipeline([['EVAL', lua, '0', ...asked.map(({ words }) => JSON.stringify(words))]])
  if (reply instanceof Error) {
    const says = `The user may not run scripts, which the migrator is built on: ${reply.message}`
    return [{ level: 'problem', check: 'permissions', says, next: 'ACL SETUSER <user> +eval +evalsha' }]
  }
  if (!Array.isArray(reply)) {
    const says =
      'Permissions were not asked for: the server is older than 7.0. A dry run of each verb shows what is missing.'
    return [{ level: 'note', check: 'permissions', says }]
  }
  const denied = asked.filter((_, i) => reply[i] === 0)
  if (denied.length === 0) {
    const says = `The user may do all that the migrator does (${asked.length} commands asked for).`
    return [{ level: 'ok', check: 'permissions', says }]
  }
  const closed = closedNames(asked, denied)
  const others = denied.filter(({ names }) => !names.some((name) => closed.has(name)))
  return [
    ...refusedNames(closed, pairs),
    ...[true, false].flatMap((isNeeded) => refusedCommands(others.filter((one) => one.isNeeded === isNeeded))),
  ]
}

/** Names that the user may not touch at all. Where no name may be asked for, it is the command that is not allowed. */
function closedNames(asked: readonly Asked[], denied: readonly Asked[]): ReadonlySet<string> {
  const namesOf = (list: readonly Asked[]): Set<string> =>
    new Set(list.filter(({ words }) => words[0] === 'EXISTS').flatMap(({ names }) => names))
  const [all, closed] = [namesOf(asked), namesOf(denied)]
  return closed.size === all.size ? new Set() : closed
}

function refusedNames(closed: ReadonlySet<string>, pairs: readonly Pair[]): Finding[] {
  if (closed.size === 0) return []
  const globs = new Set(
    pairs.flatMap((pair) => [...pair.globs].filter(([name]) => closed.has(name)).map(([, glob]) => glob)),
  )
  return [
    {
      level: 'problem',
      check: 'permissions',
      says: `The user may not touch the keys of ${plural(globs.size, 'pattern')}.`,
      evidence: [...globs],
      next: `ACL SETUSER <user> ${[...globs].map((glob) => `~${glob}`).join(' ')}`,
    },
  ]
}

function refusedCommands(denied: readonly Asked[]): Finding[] {
  const [first] = denied
  if (first === undefined) return []
  const commands = [...new Set(denied.map(({ words }) => words[0]!.toLowerCase()))]
  const shown = commands.map((name) => name.toUpperCase()).join(', ')
  // One line a command says it; the same for other names adds nothing.
  const lines = commands.map((name) => denied.find(({ words }) => words[0]!.toLowerCase() === name)!)
  return [
    {
      level: first.isNeeded ? 'problem' : 'warning',
      check: 'permissions',
      says: `The user may not run ${shown}${first.isNeeded ? '.' : '; the migrator does without.'}`,
      evidence: lines.map(({ words, verbs }) => `${words.join(' ')}  (${verbs})`),
      next: `ACL SETUSER <user> ${commands.map((name) => `+${name}`).join(' ')}`,
    },
  ]
}
