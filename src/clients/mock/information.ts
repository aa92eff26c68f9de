/**
 * INFO, as far as there is something to say.
 *
 * @module
 */

const informationOf = (version: string): readonly (readonly [section: string, lines: readonly string[]])[] => [
  ['Server', [`redis_version:${version}`, 'redis_mode:standalone', `process_id:${process.pid}`]],
  ['Persistence', ['loading:0']],
  ['Replication', ['role:master']],
]

/** The reply of INFO; sections as its arguments name them, none for all. */
export function information(version: string, sections: readonly string[]): string {
  const asked = sections.length === 0 ? ['default'] : sections.map((section) => section.toLowerCase())
  const isWhole = asked.some((section) => ['default', 'all', 'everything'].includes(section))
  return informationOf(version)
    .filter(([section]) => isWhole || asked.includes(section.toLowerCase()))
    .map(([section, lines]) => `# ${section}\r\n${lines.join('\r\n')}\r\n`)
    .join('\r\n')
}
