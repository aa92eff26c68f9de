declare module 'redis-parser' {
  /** A command is an array of bulk strings, so the parser for replies reads requests as well. */
  export default class Parser {
    constructor(options: {
      returnBuffers: boolean
      returnReply(reply: unknown): void
      returnError(error: Error): void
      returnFatalError(error: Error): void
    })
    execute(data: Buffer): void
  }
}
