/**
 * The schema against the keys that are there.
 *
 * @module
 */
import { sourceFor } from '../../clients/source.js'
import { Calls } from '../../migrate/calls.js'
import { Names, printable, type Job } from '../../migrate/names.js'
import { scanPages } from '../../migrate/scan/pages.js'
import { planWalks } from '../../migrate/scan/walks.js'
import { frame } from '../../migrate/scripts/frame.js'
import { Session } from '../../migrate/session.js'
import type { Schema } from '../../schema/index.js'

/** Which names of a logical key exist, canonical first; and the size of the first alias where only aliases do. */
const presence = frame(`
local function each(canonical, aliases)
  local reply = { 'seen', exists(canonical) and 1 or 0, 0 }
  for i = 1, #aliases do
    local is = exists(aliases[i])
    reply[#reply + 1] = is and 1 or 0
    if is and reply[2] == 0 and reply[3] == 0 then reply[3] = size(aliases[i]) end
  end
  return reply
end`)

/** A logical key, with the names of it that exist. */
export interface Seen {
  readonly family: string
  readonly canonical: string
  readonly hasCanonical: boolean
  readonly aliases: readonly string[]
  /** What a copy would add; 0 where there is a copy. */
  readonly bytes: number
}

/** What a sample of the keys showed. */
export interface Keyspace {
  readonly scanned: number
  /** Keys in the databases that the schema speaks of. */
  readonly total: number
  readonly keys: readonly Seen[]
  /** Pairs in different slots, and keys that could not be looked at. */
  readonly refused: readonly { readonly family: string; readonly error: string }[]
}

const PAGE = 1000
const LOOKED_AT_ONCE = 500

/**
 * Looks at about so many keys of the server.
 *
 * @param families only these; their aliases in databases that are not there have to be left out
 * @param sample how many keys to go through, over all servers and databases
 */
export async function lookAt(
  client: unknown,
  schema: Schema,
  families: ReadonlySet<string>,
  sample: number,
  signal: AbortSignal,
): Promise<Keyspace> {
  const { servers, keyPrefix } = sourceFor(client)
  return Session.run(servers, { patience: 5_000, signal }, async (session) => {
    const names = new Names(schema, families, session.home, keyPrefix, servers.isCluster)
    const found = new Map<string, Job>()
    const walks = planWalks(names, 'both')
    const list = await session.list()
    const share = Math.max(1, Math.ceil(sample / Math.max(1, walks.length * list.length)))
    let [scanned, total] = [0, 0]
    for (const server of list) {
      for (const walk of walks) {
        const port = await session.port(server, walk.db)
        const size = Number(await port.send(['DBSIZE']))
        total += size
        let through = 0
        for await (const page of scanPages(port, walk, PAGE)) {
          through += PAGE
          for (const name of page.names) {
            const job = names.resolve(name, walk.db)
            if (job) found.set(job.canonical.toString('latin1'), job)
          }
          if (through >= share || signal.aborted) break
        }
        scanned += Math.min(through, size)
      }
    }
    return { scanned, total, ...(await present(new Calls(session, 0), [...found.values()])) }
  })
}

async function present(calls: Calls, jobs: readonly Job[]): Promise<Pick<Keyspace, 'keys' | 'refused'>> {
  const keys: Seen[] = []
  const refused: { family: string; error: string }[] = []
  for (let from = 0; from < jobs.length; from += LOOKED_AT_ONCE) {
    const part = jobs.slice(from, from + LOOKED_AT_ONCE)
    const answers = await calls.run(presence, '', part)
    answers.forEach((answer, i) => {
      const { family, canonical, aliases } = part[i]!
      if (answer instanceof Error) return void refused.push({ family, error: answer.message })
      const [, hasCanonical, bytes, ...are] = answer
      keys.push({
        family,
        canonical: printable(canonical),
        hasCanonical: hasCanonical === 1,
        aliases: aliases.filter((_, a) => are[a] === 1).map(({ name }) => printable(name)),
        bytes: Number(bytes),
      })
    })
  }
  return { keys, refused }
}
