/**
 * Commands that ioredis-mock answers, over the store of the embedded server.
 *
 * @module
 */
import RedisMock from 'ioredis-mock'
import { ReplyError, Status, type Reply } from './resp.js'
import { clone, type Database, type TypeName, type Value } from './store.js'

/** Commands that are the mock's, with the type that their first key has to have. */
const borrowed: Readonly<Record<string, TypeName | 'any'>> = Object.assign(Object.create(null) as object, {
  getset: 'string',
  getrange: 'string',
  setrange: 'string',
  getex: 'string',
  incrbyfloat: 'string',
  msetnx: 'any',
  hincrbyfloat: 'hash',
  hscan: 'hash',
  lpush: 'list',
  rpush: 'list',
  lpushx: 'list',
  rpushx: 'list',
  lpop: 'list',
  rpop: 'list',
  llen: 'list',
  lindex: 'list',
  linsert: 'list',
  lset: 'list',
  lrem: 'list',
  ltrim: 'list',
  lpos: 'list',
  lmove: 'list',
  rpoplpush: 'list',
  srandmember: 'set',
  sscan: 'set',
  smove: 'set',
  sinter: 'set',
  sunion: 'set',
  sdiff: 'set',
  sinterstore: 'any',
  sunionstore: 'any',
  sdiffstore: 'any',
  zcount: 'zset',
  zmscore: 'zset',
  zrangebyscore: 'zset',
  zrevrange: 'zset',
  zrevrangebyscore: 'zset',
  zremrangebyrank: 'zset',
  zremrangebyscore: 'zset',
  zscan: 'zset',
  object: 'any',
  time: 'any',
  echo: 'any',
} satisfies Record<string, TypeName | 'any'>)

type Method = (...args: string[]) => Promise<unknown>
type Mock = Record<string, Method> & { data: object; expires: object }

/** Is this one of the mock's? */
export const isBorrowed = (name: string): boolean => name in borrowed

/** The mock, with one database of ours in the place of its data. */
export class Borrowed {
  readonly #mock: Mock
  /** What a command has put: the mock leaves empty collections, which in Redis are no keys. */
  readonly #put = new Set<string>()

  constructor(
    readonly db: Database,
    host: string,
  ) {
    // `lazyConnect`: no events. The host keeps the channels of one server apart from those of another.
    this.#mock = new RedisMock({ host, lazyConnect: true }) as unknown as Mock
    this.#mock.data = this.#data()
    this.#mock.expires = this.#expires()
  }

  /** Runs one of the mock's commands. @throws ReplyError */
  async run(name: string, args: readonly string[]): Promise<Reply> {
    const type = borrowed[name]
    const [first] = args
    if (type !== undefined && type !== 'any' && first !== undefined) this.db.typed(first, type)
    this.#put.clear()
    try {
      const reply = toReply(await (this.#mock[name] as Method)(...args))
      for (const key of this.#put) this.db.settle(key, this.db.get(key) ?? '')
      return reply
    } catch (error) {
      const { message } = error as Error
      throw new ReplyError(/^[A-Z]+ /.test(message) ? message : `ERR ${message}`)
    }
  }

  /** The part of the mock's `data` that its commands use. */
  #data(): object {
    const { db } = this
    return {
      get: (key: string) => {
        const value = db.get(key)
        return value === undefined ? undefined : clone(value)
      },
      has: (key: string) => db.get(key) !== undefined,
      set: (key: string, value: Value | number) => {
        this.#put.add(key)
        db.put(key, typeof value === 'number' ? String(value) : clone(value))
      },
      delete: (key: string) => {
        this.#put.delete(key)
        db.remove(key)
      },
      keys: () => db.names(),
    }
  }

  #expires(): object {
    const { db } = this
    return {
      get: (key: string) => db.expiryOf(key),
      set: (key: string, at: number) => db.setExpiry(key, Number(at)),
      has: (key: string) => db.expiryOf(key) !== undefined,
      isExpired: (key: string) => db.get(key) === undefined,
      delete: (key: string) => db.setExpiry(key, undefined),
    }
  }
}

function toReply(value: unknown): Reply {
  if (value === undefined || value === null) return null
  if (value === 'OK') return new Status('OK')
  if (typeof value === 'number' || typeof value === 'string') return value
  if (Array.isArray(value)) return value.map((one) => (one === 'OK' ? 'OK' : toReply(one)))
  throw new Error(`the mock answered with ${typeof value}`)
}
