/**
 * The short way of node-redis' commands: those that need no plan go out under one name of each key.
 *
 * @module
 */
import { severalKeys, soleKey, type Arg, type KeyRef } from '../../commands/index.js'
import { shortWay, shortWays, type PlanContext } from '../../plan/index.js'
import { renameError } from '../shared/names.js'
import { changesAnswer, idOf } from '../shared/open-reads.js'
import type { Wrapping } from '../shared/wrapping.js'
import { ShortQuestion, tryRead, type Asker } from './reads.js'
import { isArg, type CommandOptions, type RawConnection } from './types.js'

/** What it needs of the connection, on which no transaction is open. */
export interface ShortLine extends Asker {
  readonly wrapping: Wrapping
  context(): PlanContext
}

type Sent = Promise<unknown> | undefined

/**
 * Sends a command for which one name of each key is enough.
 *
 * @returns undefined, with nothing sent, for all others
 */
export function sendShort(line: ShortLine, from: RawConnection, argv: readonly Arg[], options?: CommandOptions): Sent {
  const word = argv[0]
  const asked = argv[1]
  if (typeof word !== 'string') return undefined
  const located = soleKey(word)
  if (located === undefined || !isArg(asked)) return sendSeveral(line, word, from, argv, options)
  const { use } = located.keys[0] as KeyRef
  const context = line.context()
  const way = shortWay(asked, use, context)
  if (way === undefined || (use !== 'read' && line.reads.has(idOf(way.name ?? asked)))) return undefined
  const { name = asked, adopts } = way
  if (adopts === undefined && way.name === undefined) return line.wire.one(from, argv, options)
  const sent = argv.with(1, name)
  if (adopts !== undefined) {
    return tryRead(new ShortQuestion(located, sent, [asked], adopts, context, line.wrapping), line, from, options)
  }
  return line.wire.one(from, sent, options).catch((error: Error) => {
    throw renameError(error, [{ sent: name, asked }])
  })
}

/** The same for a command with several keys. */
function sendSeveral(
  line: ShortLine,
  word: string,
  from: RawConnection,
  argv: readonly Arg[],
  options?: CommandOptions,
): Sent {
  const located = severalKeys(word, argv.length)
  if (located === undefined || !argv.every(isArg)) return undefined
  const context = line.context()
  const asked = argv.slice(1)
  const ways = shortWays(asked, located, context)
  if (ways === undefined) return undefined
  const { args, adopts } = ways
  const sent = args === asked && adopts === undefined ? argv : [word, ...args]
  if (adopts !== undefined) {
    return tryRead(new ShortQuestion(located, sent, asked, adopts, context, line.wrapping), line, from, options)
  }
  if (changesAnswer(line.reads, sent, located)) return undefined
  // No error of these commands quotes a name.
  return line.wire.one(from, sent, options)
}
