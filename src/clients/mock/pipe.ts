/**
 * Two ends of a connection inside one process: what is written to one is read from the other. No socket, no port, and
 * nothing that keeps the process alive.
 *
 * @module
 */
import { Duplex } from 'node:stream'

/** One end. It has the methods of a socket that ioredis calls. */
export class PipeEnd extends Duplex {
  #other: PipeEnd | undefined

  /** Two ends that belong together. */
  static pair(): [PipeEnd, PipeEnd] {
    const [one, two] = [new PipeEnd(), new PipeEnd()]
    one.#other = two
    two.#other = one
    return [one, two]
  }

  private constructor() {
    // As of a socket: who hears the other hang up hangs up too.
    super({ allowHalfOpen: false, decodeStrings: true })
  }

  override _read(): void {
    // What is written to the other end is pushed at once; there is nothing to ask for.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#later((other) => other.push(chunk))
    done()
  }

  override _final(done: () => void): void {
    this.#later((other) => other.push(null))
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#later((other) => other.destroy())
    done(error)
  }

  /** Never within the write itself: ioredis notes which command it waits for after it has written it. */
  #later(act: (other: PipeEnd) => void): void {
    void Promise.resolve().then(() => {
      if (this.#other && !this.#other.destroyed) act(this.#other)
    })
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setTimeout(): this {
    return this
  }
}
