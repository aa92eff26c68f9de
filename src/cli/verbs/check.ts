/**
 * `canonical-redis check`: is it safe?
 *
 * @module
 */
import { sourceFor } from '../../clients/source.js'
import type { Phase } from '../../phases/index.js'
import type { Schema } from '../../schema/index.js'
import { checkFamilies } from '../../migrate/options.js'
import { checkKeys } from '../check/collisions.js'
import { findingLines, type Finding } from '../check/finding.js'
import { lookAt } from '../check/keyspace.js'
import { checkPermissions } from '../check/permissions.js'
import { checkSchemaAlone } from '../check/schema.js'
import { checkDatabases, checkServer, infoOf, numberOf } from '../check/server.js'
import { loadConfig } from '../config/load.js'
import { phaseFlag, serverFlags, whole, type RunFlagOptions } from '../flags.js'
import { phased, titleOf, withServer, type Opened } from '../run/open.js'
import { next } from '../run/show.js'
import { wrap } from '../text.js'
import type { Call, Outcome, Verb } from '../verb.js'

interface Options extends RunFlagOptions {
  readonly offline?: boolean
  readonly sample?: number
}

const SAMPLE = 100_000

/** The verb. */
export const check: Verb<Options> = {
  name: 'check',
  says: 'prove the schema, and look for what would go wrong on the server',
  more:
    'Reads only. Proves the schema; on the server: version, eviction, permissions, databases, memory, and real keys that ' +
    'exist already or would merge. Exit code 1 when there is a problem.',
  flags: [
    ...serverFlags,
    phaseFlag,
    { flags: '--offline', says: 'the schema alone' },
    { flags: '--sample <keys>', says: `keys to look at (${SAMPLE})`, read: whole('--sample', 1, '100000') },
  ],
  examples: [
    ['check --offline', 'in CI: is the schema sound?'],
    ['check', 'before the first step: is the server ready?'],
    ['check --url redis://replica:6379 --json', 'for a script, on a replica'],
  ],
  async run(call) {
    if (call.options.offline) {
      const { config } = await loadConfig(call.io, call.options.config)
      return outcomeOf(call, checkSchemaAlone(config.schema), config.schema)
    }
    return withServer(call, async (opened) => {
      const phase = phased(opened, call.options)
      for (const line of wrap(titleOf(opened, phase, 'Check'), 80)) call.say(line)
      const findings = [...checkSchemaAlone(opened.schema), ...(await onServer(call, opened, phase.phases))]
      return outcomeOf(call, findings, opened.schema)
    })
  },
}

async function onServer(
  call: Call<Options>,
  { schema, connection }: Opened,
  phases: readonly Phase[],
): Promise<Finding[]> {
  const { servers, keyPrefix } = sourceFor(connection.client)
  const [first] = await servers.list()
  if (first === undefined)
    return [{ level: 'problem', check: 'keys', says: 'The cluster has no master that owns slots.' }]
  const port = await first.connect()
  try {
    const info = await infoOf(port)
    const findings = [
      ...checkServer(info, schema),
      ...(await checkDatabases(port, schema, servers.isCluster)),
      ...(await checkPermissions(port, schema, keyPrefix.toString())),
    ]
    // With a problem among those the keys cannot be looked at, or would be looked at in vain.
    const hinders = findings.find(({ level, check: name }) => level === 'problem' && name !== 'eviction')
    if (hinders !== undefined) {
      return [
        ...findings,
        { level: 'note', check: 'keys', says: 'The keys were not looked at: mend the problems above first.' },
      ]
    }
    const families = checkFamilies(schema, { families: call.options.families, groups: call.options.group })
    const sample = call.options.sample ?? SAMPLE
    const keyspace = await lookAt(connection.client, schema, families, sample, call.io.signal)
    return [...findings, ...checkKeys(keyspace, phases, [numberOf(info, 'used_memory'), numberOf(info, 'maxmemory')])]
  } finally {
    await port.close()
  }
}

function outcomeOf({ paint, io }: Call<Options>, findings: readonly Finding[], { name, hash }: Schema): Outcome {
  const problems = findings.filter(({ level }) => level === 'problem').length
  const lines = findings.flatMap((finding) => findingLines(finding, paint))
  const last = problems > 0 ? `${problems} ${problems === 1 ? 'problem' : 'problems'}.` : 'No problems.'
  lines.push('', last, ...(problems > 0 ? [] : next('canonical-redis analyze')))
  const exit = io.signal.aborted ? 'interrupted' : problems > 0 ? 'findings' : 'ok'
  return { exit, lines, result: { problems, findings }, migration: { name, hash } }
}
