/**
 * Finds what belongs to transforms, and runs flows on it.
 *
 * @module
 */
import type { Server } from '../../clients/servers.js'
import type { Flow } from '../../plan/index.js'
import type { Group, Part } from '../../schema/index.js'
import { escapeGlob, printable } from '../names.js'
import type { Run } from '../run.js'
import { scanPages } from '../scan/pages.js'
import type { Subject } from './flows.js'

/** Values that are worked on at the same time. */
const AT_ONCE = 32

/** Which of the names a walk looks for. */
export type Wanted = readonly Part['part'][]

/** One thing that was met. */
export interface Met extends Subject {
  readonly part: Part['part']
  readonly name: Buffer
  readonly server: Server
}

/** Does this run have transforms to look after? */
export function hasTransforms({ names }: Run): boolean {
  return names.schema.transforms.all.some(({ name }) => names.families.has(name))
}

/**
 * Walks through the names of the transforms that were chosen, and works on each value once a page. Of pieces only those are met
 * that no index lists: the others come with their index.
 *
 * Slots that move to another server in the middle of the walk may be missed; running again completes it.
 */
export async function walkGroups(
  run: Run,
  wanted: Wanted,
  match: string | undefined,
  each: (met: Met) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  for (const server of await run.session.list()) {
    const port = await run.session.port(server)
    for (const glob of match === undefined ? globsOf(run, wanted) : [Buffer.from(match)]) {
      for await (const { names } of scanPages(port, { db: run.session.home, match: glob }, run.batch)) {
        if (run.isStopped) return
        const met = await listed(run, server, metIn(run, server, names, wanted))
        while (met.length > 0 && !run.isStopped) {
          const part = met.splice(0, atOnce)
          await run.pacer.admit(server, part.length)
          await Promise.all(part.map(each))
        }
        await run.progress()
      }
    }
  }
}

function globsOf(run: Run, wanted: Wanted): Buffer[] {
  const { schema, families, keyPrefix } = run.names
  const prefix = escapeGlob(keyPrefix)
  const chosen = schema.transforms.all.filter(({ name }) => families.has(name))
  const named = chosen.flatMap(({ name, index, into }) => [
    ...(wanted.includes('source') ? [name] : []),
    ...(wanted.includes('index') && index !== undefined ? [index] : []),
    ...(wanted.includes('piece') ? [into] : []),
  ])
  return named.map((name) => Buffer.concat([prefix, Buffer.from(schema.families.get(name)?.canonical.glob ?? '')]))
}

function metIn(run: Run, server: Server, names: readonly Buffer[], wanted: Wanted): Met[] {
  const { schema, families, keyPrefix } = run.names
  const met = new Map<string, Met>()
  for (const name of names) {
    const found = schema.transforms.find(name, keyPrefix.toString())
    if (found === undefined || !families.has(found.group.transform.name)) continue
    const { group, part, member } = found
    // A transform without index has one piece, which is met as an index is.
    const as = part === 'piece' && group.index === undefined ? 'index' : part
    if (!wanted.includes(as) && !wanted.includes(part)) continue
    const one = as === 'piece' ? { group, part: as, name, server, member } : { group, part: as, name, server }
    met.set(`${as} ${as === 'piece' ? name.toString('latin1') : group.source}`, one)
  }
  return [...met.values()]
}

/** Without the pieces that their index lists. */
async function listed(run: Run, server: Server, met: readonly Met[]): Promise<Met[]> {
  const pieces = met.filter(({ part }) => part === 'piece')
  if (pieces.length === 0) return [...met]
  const port = await run.session.port(server)
  const asked = pieces.map(({ group, member = '' }) => ['SISMEMBER', group.index ?? '', member])
  const replies = await run.session.on(server, () => port.pipeline(asked))
  const isListed = new Set(pieces.filter((_, i) => replies[i] === 1))
  return met.filter((one) => !isListed.has(one))
}

/** Runs a flow on the server that its keys are on. */
export async function runOn<T>(run: Run, server: Server, flow: Flow<T>): Promise<T> {
  const port = await run.session.port(server)
  return run.session.on(server, async () => {
    let step = flow.next()
    while (step.done !== true) {
      const { argv } = step.value
      // What the flow does not catch it throws, and that ends it.
      step = await port.send(argv).then(
        (reply) => flow.next(reply),
        (error: Error) => flow.throw(error),
      )
    }
    return step.value
  })
}

/** How the new side of a value is shown: its index, or its one piece. */
export const newName = ({ index, prefix }: Group): string => printable(Buffer.from(index ?? prefix))
