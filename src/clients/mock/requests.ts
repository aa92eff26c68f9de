/**
 * RESP, as a server reads it: each request is an array of bulk strings. Text is latin1, one character a byte.
 *
 * @module
 */

/** Cuts what arrives, in whatever pieces, into requests. */
export class Requests {
  #rest: Buffer = Buffer.alloc(0)
  /** Read so far of a request that has not arrived whole; a large one must not be read again from its start. */
  #words: string[] = []
  #wanted = 0

  /** The requests that are whole by now. @throws Error at what no client sends */
  read(data: Buffer): string[][] {
    const requests: string[][] = []
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    for (;;) {
      if (this.#wanted === 0) {
        const count = this.#header('*', 0)
        if (count === undefined) return requests
        this.#rest = this.#rest.subarray(count.end)
        this.#wanted = count.value
        this.#words = []
      }
      while (this.#words.length < this.#wanted) {
        const size = this.#header('$', 0)
        if (size === undefined || this.#rest.length < size.end + size.value + 2) return requests
        this.#words.push(this.#rest.toString('latin1', size.end, size.end + size.value))
        this.#rest = this.#rest.subarray(size.end + size.value + 2)
      }
      this.#wanted = 0
      if (this.#words.length > 0) requests.push(this.#words)
    }
  }

  #header(mark: string, from: number): { value: number; end: number } | undefined {
    const end = this.#rest.indexOf('\r\n', from)
    if (end === -1) return undefined
    const text = this.#rest.toString('latin1', from, end)
    if (text[0] !== mark || !/^.\d+$/.test(text))
      throw new Error(`expected '${mark}' and a number, got '${text.slice(0, 32)}'`)
    return { value: Number(text.slice(1)), end: end + 2 }
  }
}
