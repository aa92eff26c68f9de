/**
 * Answers SCAN, KEYS and RANDOMKEY with questions to the server; see the plan's `keyspace` for what is shown.
 *
 * @module
 */
import type { Arg } from '../../commands/index.js'
import { CanonicalRedisError } from '../../errors.js'
import { globsFor, mayMeanManaged, show, splitScan, type PlanContext, type Shown } from '../../plan/index.js'
import type { Schema } from '../../schema/index.js'
import { pageOf } from './scan-phases.js'

/** What the answers need. Bulk strings of replies are Buffers. */
export interface Asker {
  readonly schema: Schema
  readonly context: PlanContext
  /** Sends commands in the place of the caller's. */
  now(argvs: readonly (readonly Arg[])[]): Promise<unknown>[]
  /** Sends a command some time later. */
  later(argv: readonly Arg[]): Promise<unknown>
}

const verbs = ['scan', 'keys', 'randomkey'] as const
type Verb = (typeof verbs)[number]

/** Is this the special of a command that {@link askKeyspace} answers? */
export const isKeyspaceVerb = (special: string | undefined): special is Verb => verbs.includes(special as Verb)

/**
 * The answer under the caller's names; undefined when the command can go out as it is, since its pattern means no
 * managed name.
 *
 * @throws {@link CanonicalRedisError} `E_UNSUPPORTED` inside MULTI
 */
export function askKeyspace(verb: Verb, argv: readonly Arg[], asker: Asker): Promise<unknown> | undefined {
  const glob = verb === 'scan' ? splitScan(argv).glob : verb === 'keys' ? argv[1] : undefined
  if (!mayMeanManaged(asker.schema, glob) || (verb === 'keys' && glob === undefined)) return undefined
  if (asker.context.inTransaction) {
    throw new CanonicalRedisError(
      'E_UNSUPPORTED',
      `${verb.toUpperCase()} over managed names cannot be answered inside MULTI: it takes a second question`,
      { hint: 'send it before MULTI' },
    )
  }
  const answers: Record<Verb, () => Promise<unknown>> = {
    scan: () => scan(asker, argv),
    keys: () => keys(asker, glob as Arg),
    randomkey: () => randomKey(asker),
  }
  return answers[verb]()
}

async function scan(asker: Asker, argv: readonly Arg[]): Promise<unknown> {
  const { glob, sent } = splitScan(argv)
  const { context, goOn } = pageOf(String(argv[1]), asker.schema, asker.context)
  const [cursor, names] = (await asker.now([sent])[0]) as [Buffer, Buffer[]]
  goOn(String(cursor))
  return [cursor, await visible({ ...asker, context }, names, glob)]
}

async function keys(asker: Asker, glob: Arg): Promise<unknown> {
  const replies = await Promise.all(asker.now(globsFor(asker.schema, glob).map((one) => ['keys', one])))
  return visible(asker, (replies as Buffer[][]).flat(), glob)
}

/** Hidden names are drawn again. After so many there is hardly a visible one, and the server would draw for ever. */
const draws = 100

async function randomKey(asker: Asker): Promise<unknown> {
  let name = (await asker.now([['randomkey']])[0]) as Buffer | null
  for (let i = 0; i < draws && name !== null; i++) {
    const [shown] = await visible(asker, [name], undefined)
    if (shown) return shown
    name = (await asker.later(['randomkey'])) as Buffer | null
  }
  return null
}

/** The names to show, each once; where one depends on another's absence, the server is asked. */
async function visible(asker: Asker, names: readonly Buffer[], glob: Arg | undefined): Promise<Buffer[]> {
  const candidates = names.map((name) => show(name, glob, asker.context)).filter((one) => one !== undefined)
  const taken = await Promise.all(candidates.map((one) => exists(asker, one)))
  const once = new Map<string, Buffer>()
  candidates.forEach((one, i) => {
    if (taken[i] === 0) once.set(one.name.toString('latin1'), one.name)
  })
  return [...once.values()]
}

async function exists(asker: Asker, shown: Shown): Promise<number> {
  if (shown.unless.length === 0) return 0
  return Number(await asker.later(['exists', ...shown.unless]))
}
