/**
 * How the lines of the contract are sent, bare and wrapped, and how their replies are held against each other.
 *
 * @module
 */
import type { ContractClient } from './client.js'

/** A key of the slot that all keys of the contract are in. */
export const home = 'step:{t}:a'
/** The name of a managed key or channel. */
const managed = /^(?:step|job):\{t\}:/

/** A line as a bare client sends it, and as the wrapped one does, by the two names in turn. */
export function bothLines(line: string, turn: () => number): { bare: string[]; wrapped: string[] } {
  const words = line.split(' ').map((word) => (word === 'plain' ? 'plain:{t}' : word))
  const named = (name: (id: string) => string): string[] =>
    words.map((word) => (word.startsWith('$') ? name(word.slice(1)) : word))
  return {
    bare: named((id) => `bare:{t}:${id}`),
    wrapped: named((id) => `${turn() % 2 ? 'step' : 'job'}:{t}:${id}`),
  }
}

/** Replies to compare: errors by their text, and names as the bare client has them. */
export function comparable(reply: unknown): unknown {
  if (reply instanceof Error) return { error: comparable(reply.message) }
  if (typeof reply === 'string') return reply.replaceAll(/(?:step|job)(?=:\{t\}:)/g, 'bare')
  if (Array.isArray(reply)) return reply.map(comparable)
  if (reply instanceof Map) return new Map([...reply].map(([name, value]) => [comparable(name), comparable(value)]))
  if (typeof reply !== 'object' || reply === null || Buffer.isBuffer(reply)) return reply
  return Object.fromEntries(Object.entries(reply).map(([name, value]) => [comparable(name), comparable(value)]))
}

/** Every string in a reply that is the name of a managed key. */
export function namesIn(reply: unknown): string[] {
  if (typeof reply === 'string') return managed.test(reply) ? [reply] : []
  if (typeof reply !== 'object' || reply === null || Buffer.isBuffer(reply)) return []
  return (Array.isArray(reply) ? reply : Object.entries(reply)).flatMap(namesIn)
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Sends lines and gives their replies; an Error where one failed. */
export type Send = (client: ContractClient, lines: string[][]) => Promise<unknown[]>

/** Ways to send lines. */
export const manners: Readonly<Record<string, Send>> = {
  'one by one': async (client, lines) => {
    const replies: unknown[] = []
    for (const line of lines) replies.push(await client.send(line, home).catch(asError))
    return replies
  },
  'at once': (client, lines) => Promise.all(lines.map((line) => client.send(line, home).catch(asError))),
  'in a pipeline': (client, lines) => client.pipeline(lines, home),
  'in a transaction': (client, lines) => client.multi(lines, home),
}

/** In a transaction the server refuses these when they are queued, and with them all the others. */
export const refusedInMulti = new Set(['STRLEN $a x', 'SET $a'])
