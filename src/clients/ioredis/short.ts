/**
 * The short way of ioredis' commands: those that need no plan go out under one name of each key.
 *
 * @module
 */
import { severalKeys, soleKey, type KeyRef } from '../../commands/index.js'
import { shortWay, shortWays, type PlanContext } from '../../plan/index.js'
import { changesAnswer, idOf } from '../shared/open-reads.js'
import { ShortRead, ShortReadOfSeveral, type Asker } from './reads.js'
import { nameAllErrorsOf, nameErrorsOf } from './renames.js'
import { setArguments, type Sender } from './sender.js'
import type { RawCommand, WritableTarget } from './types.js'

/** What it needs of the connection, on which no transaction is open. */
export interface ShortLine extends Asker {
  readonly sender: Sender
  context(): PlanContext
}

type Stream = WritableTarget | undefined

/**
 * Sends a command for which one name of each key is enough. The parts of a route come one by one, since most commands pass
 * here, and an object for each would be felt.
 *
 * @returns undefined, with nothing sent, for all others
 */
export function sendShort(line: ShortLine, command: RawCommand, stream: Stream, node: unknown): unknown {
  const located = soleKey(command.name)
  const asked = command.args[0]
  if (located === undefined || asked === undefined) return sendSeveral(line, command, stream, node)
  const { use } = located.keys[0] as KeyRef
  const context = line.context()
  const way = shortWay(asked, use, context)
  if (way === undefined || (use !== 'read' && line.reads.has(idOf(way.name ?? asked)))) return undefined
  const { name, adopts } = way
  if (adopts !== undefined) new ShortRead(command, line, located, asked, adopts, context)
  else if (name !== undefined) nameErrorsOf(command, asked)
  if (name === undefined) return line.sender.pass(command, stream, node)
  return line.sender.renamed(command, name, stream, node)
}

/** The same for a command with several keys. */
function sendSeveral(line: ShortLine, command: RawCommand, stream: Stream, node: unknown): unknown {
  const located = severalKeys(command.name, command.args.length + 1)
  if (located === undefined) return undefined
  const context = line.context()
  const asked = command.args
  const ways = shortWays(asked, located, context)
  if (ways === undefined) return undefined
  const { args, adopts } = ways
  if (adopts === undefined && !line.reads.isEmpty && changesAnswer(line.reads, [command.name, ...args], located))
    return undefined
  if (adopts !== undefined) new ShortReadOfSeveral(command, line, located, asked, adopts, context)
  else if (args !== asked) nameAllErrorsOf(command, asked, located)
  if (args !== asked) {
    line.sender.markPlanned(command)
    setArguments(command, args)
  }
  return line.sender.pass(command, stream, node)
}

/**
 * Gives a command its names, for whoever sends it later: a pipeline of a cluster.
 *
 * @returns false, with nothing changed, where it takes a plan
 */
export function renameShort(command: RawCommand, context: PlanContext): boolean {
  const asked = command.args
  const located = soleKey(command.name) ?? severalKeys(command.name, asked.length + 1)
  if (located === undefined || asked.length === 0) return false
  const ways = shortWays(asked, located, context)
  if (ways === undefined || ways.adopts !== undefined) return false
  if (ways.args !== asked) {
    nameAllErrorsOf(command, asked, located)
    setArguments(command, ways.args)
  }
  return true
}
