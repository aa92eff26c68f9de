/**
 * What a stream holds: entries in the order of their IDs, and groups with what was delivered to whom.
 *
 * @module
 */
import { ReplyError, type Reply } from './resp.js'

/** An ID as one number: milliseconds in the upper 64 bits, the sequence in the lower ones. */
export type StreamId = bigint

const SEQUENCE_BITS = 64n
/** The highest sequence, and the highest number of milliseconds. */
export const MAX_HALF = (1n << SEQUENCE_BITS) - 1n
export const MAX_ID: StreamId = (MAX_HALF << SEQUENCE_BITS) | MAX_HALF

export const idOf = (ms: bigint, sequence: bigint): StreamId => (ms << SEQUENCE_BITS) | sequence
export const msOf = (id: StreamId): bigint => id >> SEQUENCE_BITS
export const idText = (id: StreamId): string => `${id >> SEQUENCE_BITS}-${id & MAX_HALF}`

/** @throws ReplyError */
export function parseId(text: string, sequenceIfNone = 0n): StreamId {
  const found = /^(\d+)(?:-(\d+))?$/.exec(text)
  const [ms, sequence] = [BigInt(found?.[1] ?? -1), found?.[2] === undefined ? sequenceIfNone : BigInt(found[2])]
  if (!found || ms > MAX_HALF || sequence > MAX_HALF) {
    throw new ReplyError('ERR Invalid stream ID specified as stream command argument')
  }
  return idOf(ms, sequence)
}

/** One entry: its fields and values in turn. Never changed, so copies of a stream share it. */
export interface StreamEntry {
  readonly id: StreamId
  readonly fields: readonly string[]
}

/** An entry as commands answer with it. */
export const entryReply = ({ id, fields }: StreamEntry): Reply => [idText(id), [...fields]]

/** What a consumer was given and has not acknowledged. */
export interface Pending {
  consumer: string
  time: number
  deliveries: number
}

/** A group of consumers. */
export interface Group {
  lastId: StreamId
  /** How many entries of all that there ever were it has read; undefined where that cannot be told. */
  read: bigint | undefined
  /** By ID, in the order of the IDs. */
  pending: Map<StreamId, Pending>
  /** When each consumer was last seen, by its name. */
  consumers: Map<string, number>
}

/** A stream. It stays when its last entry goes. */
export class Stream {
  entries: StreamEntry[] = []
  lastId: StreamId = 0n
  maxDeleted: StreamId = 0n
  added = 0n
  readonly groups = new Map<string, Group>()

  clone(): Stream {
    const copy = new Stream()
    Object.assign(copy, {
      entries: [...this.entries],
      lastId: this.lastId,
      maxDeleted: this.maxDeleted,
      added: this.added,
    })
    for (const [name, group] of this.groups) {
      const pending = new Map([...group.pending].map(([id, one]) => [id, { ...one }]))
      copy.groups.set(name, { ...group, pending, consumers: new Map(group.consumers) })
    }
    return copy
  }

  /** The ID of the first entry; 0-0 if there is none. */
  get firstId(): StreamId {
    return this.entries[0]?.id ?? 0n
  }

  add(id: StreamId, fields: readonly string[]): void {
    this.entries.push({ id, fields })
    this.lastId = id
    this.added++
  }

  find(id: StreamId): StreamEntry | undefined {
    const at = this.place(id)
    return this.entries[at]?.id === id ? this.entries[at] : undefined
  }

  /** Where the first entry stands whose ID is not below this one. */
  place(id: StreamId): number {
    let [low, high] = [0, this.entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.entries[middle] as StreamEntry).id < id) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Entries between two IDs, both included. */
  range(from: StreamId, upto: StreamId): StreamEntry[] {
    return this.entries.slice(this.place(from), upto === MAX_ID ? undefined : this.place(upto + 1n))
  }

  delete(id: StreamId): boolean {
    if (this.find(id) === undefined) return false
    this.entries.splice(this.place(id), 1)
    if (id > this.maxDeleted) this.maxDeleted = id
    return true
  }

  /** Removes the oldest entries; those do not count as holes. */
  dropFirst(count: number): number {
    return this.entries.splice(0, Math.max(0, count)).length
  }

  /** Was an entry removed, from this one on, that a count of entries would still count? */
  hasHolesFrom(id: StreamId): boolean {
    return this.entries.length > 0 && this.maxDeleted > 0n && id <= this.maxDeleted
  }

  /** How many entries there were up to this one since the beginning; undefined where that cannot be told. */
  distanceTo(id: StreamId): bigint | undefined {
    if (this.added === 0n) return 0n
    const length = BigInt(this.entries.length)
    if (length === 0n && id <= this.lastId) return this.added
    if (id >= this.lastId) return id === this.lastId ? this.added : undefined
    if (this.maxDeleted > 0n && this.maxDeleted >= this.firstId) return undefined
    if (id > this.firstId) return undefined
    return this.added - length + (id === this.firstId ? 1n : 0n)
  }

  /** How many entries a group has not read yet, or null where that cannot be told. */
  lagOf({ read, lastId }: Group): number | null {
    if (this.added === 0n) return 0
    const known = read !== undefined && !this.hasHolesFrom(lastId) ? read : this.distanceTo(lastId)
    return known === undefined ? null : Number(this.added - known)
  }
}
