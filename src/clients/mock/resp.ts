/**
 * RESP2, the server's half. Text is latin1 all through the server in memory: one character a byte, so bytes survive.
 *
 * @module
 */

/** A simple string: `+OK`. */
export class Status {
  constructor(readonly text: string) {}
}

/** An error as the server says it: `-ERR …`. Thrown by commands, and an element of EXEC's reply. */
export class ReplyError extends Error {}

/** What a command answers. A string is a bulk string. */
export type Reply = string | number | bigint | null | Status | ReplyError | Reply[]

/** `+OK` */
export const OK = new Status('OK')

/** The reply as it goes to the socket, latin1. */
export function encode(reply: Reply): string {
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`
  if (typeof reply === 'number' || typeof reply === 'bigint') return `:${reply}\r\n`
  if (reply === null) return '$-1\r\n'
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (reply instanceof ReplyError) return `-${reply.message.replace(/[\r\n]+/g, ' ')}\r\n`
  return `*${reply.length}\r\n${reply.map(encode).join('')}`
}

/** WATCH that failed: EXEC answers with the null array, which is not the null string. */
export const NULL_ARRAY = '*-1\r\n'
