/**
 * May the user do what the migrator does? Asked of the server, as the very user that is logged in.
 *
 * @module
 */
import type { Port } from '../../clients/port.js'
import type { Schema } from '../../schema/index.js'
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

interface Asked {
  readonly line: string
  readonly verbs: string
  readonly words: readonly string[]
  readonly isNeeded: boolean
}

/** A name that a pattern may give. ACLs go by globs, so that any filling will do. */
const example = (source: string): string => source.replace(/<<|<[^>]*>/g, (hole) => (hole === '<<' ? '<' : '1'))

function questions(schema: Schema, keyPrefix: string): Asked[] {
  const pairs = [...schema.families.values()].flatMap(({ canonical, aliases }) =>
    aliases.map(({ source }) => ({ A: keyPrefix + example(source), C: keyPrefix + example(canonical.source) })),
  )
  const all = [...needed.map((one) => [...one, true] as const), ...useful.map((one) => [...one, false] as const)]
  return all.flatMap(([command, verbs, isNeeded]) => {
    // A command without a key is asked for once.
    const each = / [AC]( |$)/.test(command) ? pairs : pairs.slice(0, 1)
    return each.map((pair) => {
      const words = command.split(' ').map((word) => (word === 'A' || word === 'C' ? pair[word] : word))
      return { line: words.join(' '), verbs, words, isNeeded }
    })
  })
}

/** What the user may not do. */
export async function checkPermissions(port: Port, schema: Schema, keyPrefix: string): Promise<Finding[]> {
  const asked = questions(schema, keyPrefix)
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
    return [
      {
        level: 'ok',
        check: 'permissions',
        says: `The user may do all that the migrator does (${asked.length} commands asked for).`,
      },
    ]
  }
  return [true, false].flatMap((isNeeded) =>
    refusal(
      denied.filter((one) => one.isNeeded === isNeeded),
      isNeeded,
    ),
  )
}

function refusal(denied: readonly Asked[], isNeeded: boolean): Finding[] {
  if (denied.length === 0) return []
  const commands = [...new Set(denied.map(({ words }) => words[0]!.toLowerCase()))]
  return [
    {
      level: isNeeded ? 'problem' : 'warning',
      check: 'permissions',
      says: `The user may not run ${commands.map((name) => name.toUpperCase()).join(', ')}${isNeeded ? '.' : '; the migrator does without.'}`,
      evidence: denied.map(({ line, verbs }) => `${line}  (${verbs})`),
      next: `ACL SETUSER <user> ${commands.map((name) => `+${name}`).join(' ')}, and the keys of both names: ~<pattern>`,
    },
  ]
}
