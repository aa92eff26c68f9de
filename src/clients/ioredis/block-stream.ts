/**
 * Sends several commands where ioredis expects one.
 *
 * @module
 */
import type { RawClient, WritableTarget } from './types.js'

/**
 * Gathers the bytes of `total` commands and passes them on in one write.
 *
 * A pipeline of ioredis counts the writes of its commands and flushes at the last; a command that stands for five
 * must still write once. The same holds when ioredis sends the commands again after a reconnect.
 */
export class BlockStream implements WritableTarget {
  readonly isPipeline = true
  readonly destination: { redis: RawClient }
  /** The stream of the pipeline that it is a part of. */
  readonly pipeline: WritableTarget
  readonly #outer: WritableTarget | undefined
  readonly #total: number
  #count = 0
  #text = ''
  /** Of data with bytes in it: all before the text. */
  #chunks: Buffer[] | undefined

  constructor(client: RawClient, total: number, outer: WritableTarget | undefined) {
    this.destination = outer?.destination ?? { redis: client }
    this.#outer = outer
    this.pipeline = outer instanceof BlockStream ? outer.pipeline : (outer ?? this)
    this.#total = total
  }

  write(data: string | Buffer): void {
    if (typeof data === 'string') this.#text += data
    else {
      this.#chunks ??= []
      this.#chunks.push(Buffer.from(this.#text), data)
      this.#text = ''
    }
    this.#count++
    if (this.#count === this.#total) this.#flush()
  }

  #flush(): void {
    const text = this.#text
    const all = this.#chunks ? Buffer.concat([...this.#chunks, Buffer.from(text)]) : text
    this.#count = 0
    this.#text = ''
    this.#chunks = undefined
    if (this.#outer) this.#outer.write(all)
    else this.destination.redis.stream?.write(all)
  }
}

/** On the stream of a pipeline: the next position in it, once it has commands of ours. */
const next = Symbol('canonical-redis.next')

type Counted = WritableTarget & { [next]?: number }

const pipelineOf = (stream: WritableTarget): Counted => (stream instanceof BlockStream ? stream.pipeline : stream)

/**
 * The next position in a pipeline that has commands of ours in it.
 *
 * After a cut ioredis resends a pipeline only when its positions run on from 0 without a gap, and aborts the rest of
 * one whose head was answered. Our commands must be counted, or a healthy pipeline is aborted and a torn one resent.
 */
export function nextPosition(stream: WritableTarget, own: number | undefined): number {
  const pipeline = pipelineOf(stream)
  const position = pipeline[next] ?? own ?? 0
  pipeline[next] = position + 1
  return position
}

/** Does this pipeline have commands of ours in it already? */
export function isCounted(stream: WritableTarget): boolean {
  return pipelineOf(stream)[next] !== undefined
}
