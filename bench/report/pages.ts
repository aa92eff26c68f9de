/**
 * What is written between `<!-- bench:… -->` and `<!-- /bench -->` in pages of the documentation: pure, so that a test can
 * hold the pages to the results.
 *
 * @module
 */
import { load as read, type Results } from '../support/results.js'
import { billionMigrator, billionPhases, billionTimetable } from './billion.js'
import { client } from './client.js'
import { growth } from './growth.js'
import { allocation, cluster, mapper, migrator } from './others.js'
import type { Section } from './tables.js'

/** Reads the results of one benchmark; undefined where it has not run. */
export type Load = <Row>(name: string) => Results<Row> | undefined

/** By the name of their mark: which results a section is made of, and how. */
const sections = {
  client: from('client', client),
  allocation: from('allocation', allocation),
  mapper: from('mapper', mapper),
  cluster: from('cluster', cluster),
  migrator: from('migrator', migrator),
  growth: from('growth', growth),
  'billion-migrator': from('migrator', billionMigrator),
  'billion-phases': from('client', billionPhases),
  'billion-timetable': from('migrator', billionTimetable),
} satisfies Record<string, (load: Load) => Section | undefined>

function from<Row>(file: string, write: (results: Results<Row>) => Section): (load: Load) => Section | undefined {
  return (load) => {
    const results = load<Row>(file)
    return results && write(results)
  }
}

/** All pages that have marks. */
export const pages = ['docs/performance.md', 'docs/billion-keys.md'] as const

/** Where the chart of a name lies. */
export const chartFile = (name: string): string => `docs/performance/${name}.svg`

export interface Filled {
  readonly text: string
  readonly charts: Readonly<Record<string, string>>
  /** Sections that stay as they are, since their benchmark has not run. */
  readonly missing: readonly string[]
}

/** A page with its sections written anew. */
export function fill(page: string, load: Load = (name) => read(name)): Filled {
  const charts: Record<string, string> = {}
  const missing: string[] = []
  const text = page.replaceAll(
    /(<!-- bench:([\w-]+) -->)[^]*?(<!-- \/bench -->)/g,
    (whole: string, begin: string, name: string, end: string) => {
      if (!Object.hasOwn(sections, name)) throw new Error(`there is no section ${name}`)
      const section = sections[name as keyof typeof sections](load)
      if (section === undefined) {
        missing.push(name)
        return whole
      }
      Object.assign(charts, section.charts)
      return `${begin}\n\n${section.text}\n\n${end}`
    },
  )
  return { text, charts, missing }
}
