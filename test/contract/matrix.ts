/**
 * The table of docs/contract.md: which client meets which part of the contract.
 *
 * @module
 */
import { contractParts } from '../../src/testing.js'
import type { Subject } from './drivers.js'

interface Column {
  readonly client: string
  readonly isCluster: boolean
  readonly skips: Readonly<Record<string, string>>
}

/** One column for both protocols of a client, which are held to the same parts. */
export function columnsOf(subjects: readonly Subject[]): Column[] {
  const columns = new Map<string, Column>()
  for (const { client, isCluster, skips } of subjects) {
    const name = client.replace(/, RESP\d$/, '')
    const id = `${name} ${isCluster}`
    const known = columns.get(id)
    if (known && JSON.stringify(known.skips) !== JSON.stringify(skips)) {
      throw new Error(`Expected ${client} to skip in both protocols what it skips in one: give it columns of its own`)
    }
    columns.set(id, { client: name, isCluster, skips })
  }
  return [...columns.values()]
}

/** Markdown: a row a topic, and below it a note for each part that is skipped. */
export function matrix(subjects: readonly Subject[]): string {
  const columns = columnsOf(subjects)
  const notes: string[] = []
  const cell = (topic: string, { skips }: Column): string => {
    const skipped = Object.entries(skips).filter(([part]) => topicOf(part) === topic)
    const marks = skipped.map(([part, why]) => {
      const note = `${part}: ${why}`
      if (!notes.includes(note)) notes.push(note)
      return `(${notes.indexOf(note) + 1})`
    })
    return ['✓', ...marks].slice(skipped.some(([part]) => part === topic) ? 1 : 0).join(' ')
  }
  const topics = [...new Set(contractParts().map(topicOf))]
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    row(['part', ...columns.map(({ client, isCluster }) => `${client}${isCluster ? ', cluster' : ''}`)]),
    row(['---', ...columns.map(() => '---')]),
    ...topics.map((topic) => row([topic, ...columns.map((column) => cell(topic, column))])),
    '',
    ...notes.map((note, i) => `${i + 1}. ${note}`),
  ].join('\n')
}

/** `hashes, in a pipeline` is about hashes. */
const topicOf = (part: string): string => part.replace(/, (one by one|at once|in a .+)$/, '')
