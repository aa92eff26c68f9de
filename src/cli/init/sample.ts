/**
 * A sample of a live keyspace: names, and of each pattern types and times to live.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { Port, Reply } from '../../clients/port.js'
import { sourceFor } from '../../clients/source.js'
import { scanPages } from '../../migrate/scan/pages.js'
import { mine, type Mined } from './mine.js'

/** A pattern with what was seen of its keys. */
export interface Found extends Mined {
  /** Types of the examples, the most frequent first. */
  readonly types: readonly string[]
  /** The examples that expire, and how many were asked for. */
  readonly expiring: readonly [some: number, of: number]
}

/** What was seen. */
export interface Sample {
  readonly found: readonly Found[]
  /** Names looked at. */
  readonly scanned: number
  /** Keys in the database, or in all masters of a cluster. */
  readonly total: number
  /** Names that are not text, and can stand in no pattern. */
  readonly binary: number
  readonly db: number
  /** Other databases that hold keys. */
  readonly others: Readonly<Record<number, number>>
}

const PAGE = 1000

/** Looks at about so many names. Reads only. */
export async function takeSample(client: unknown, most: number, signal: AbortSignal): Promise<Sample> {
  const { servers } = sourceFor(client)
  const names = new Map<string, Port>()
  const seen = { scanned: 0, total: 0, binary: 0 }
  const ports: Port[] = []
  const others: Record<number, number> = {}
  try {
    const list = await servers.list()
    for (const server of list) {
      const port = await server.connect()
      ports.push(port)
      await gather(port, Math.ceil(most / list.length), names, seen, signal)
      if (!servers.isCluster) Object.assign(others, await otherDatabases(port))
    }
    const found: Found[] = []
    for (const mined of mine([...names.keys()])) found.push(await measured(mined, names))
    return { found, ...seen, db: servers.db, others }
  } finally {
    await Promise.all(ports.map((port) => port.close()))
  }
}

type Seen = Record<'scanned' | 'total' | 'binary', number>

async function gather(
  port: Port,
  most: number,
  names: Map<string, Port>,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  seen.total += Number(await port.send(['DBSIZE']))
  let here = 0
  for await (const page of scanPages(port, { db: port.db, match: undefined }, PAGE)) {
    for (const name of page.names) {
      here++
      if (isUtf8(name)) names.set(name.toString(), port)
      else seen.binary++
    }
    if (here >= most || signal.aborted) break
  }
  seen.scanned += here
}

async function otherDatabases(port: Port): Promise<Record<number, number>> {
  const [info] = await port.pipeline([['INFO', 'keyspace']])
  if (!Buffer.isBuffer(info)) return {}
  const found = [...info.toString().matchAll(/^db(\d+):keys=(\d+)/gm)].map(
    ([, db, keys]) => [Number(db), Number(keys)] as const,
  )
  return Object.fromEntries(found.filter(([db]) => db !== port.db))
}

async function measured(mined: Mined, names: ReadonlyMap<string, Port>): Promise<Found> {
  const types = new Map<string, number>()
  let [some, of] = [0, 0]
  for (const port of new Set(names.values())) {
    const keys = mined.examples.filter((name) => names.get(name) === port)
    const replies = await port.pipeline(
      keys.flatMap((key) => [
        ['TYPE', key],
        ['PTTL', key],
      ]),
    )
    keys.forEach((_, i) => {
      const type = textOf(replies[2 * i])
      const ttl = Number(textOf(replies[2 * i + 1]))
      // Gone meanwhile, or not allowed to be looked at.
      if (type === undefined || type === 'none') return
      types.set(type, (types.get(type) ?? 0) + 1)
      of++
      if (ttl >= 0) some++
    })
  }
  const sorted = [...types].sort(([, a], [, b]) => b - a).map(([type]) => type)
  return { ...mined, types: sorted, expiring: [some, of] }
}

const textOf = (reply: Reply | Error | undefined): string | undefined =>
  reply instanceof Error || reply === undefined || reply === null ? undefined : String(reply)
