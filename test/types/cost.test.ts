/**
 * What a large schema costs the type checker. Instantiations are counted, not seconds: the count is the same on every
 * machine.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** How much the checker does for a file of this text, and what it finds wrong there. */
function check(text: string): { instantiations: number; errors: string[] } {
  const file = `${root}test/types/generated-for-cost.ts`
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => readFileSync(path, 'utf8'))
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (path) => path === file || fileExists(path)
  host.readFile = (path) => (path === file ? text : readFile(path))
  host.getSourceFile = (path, languageVersion, ...more) =>
    path === file ? ts.createSourceFile(path, text, languageVersion) : getSourceFile(path, languageVersion, ...more)
  const program = ts.createProgram({ rootNames: [file], options, host })
  const errors = program.getSemanticDiagnostics(program.getSourceFile(file))
  const counted = program as unknown as { getInstantiationCount(): number }
  return {
    instantiations: counted.getInstantiationCount(),
    errors: errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  }
}

const header = `import { z } from 'zod'
import { defineSchema, key } from '../../src/schema/index.js'
const side = z.enum(['long', 'short'])
void [defineSchema, side]
`
const family = (n: number): string => `
  f${n}: key('fam${n}:<user>:<symbol>:<side>:x', { side })
    .alias('old${n}:<user>:<symbol>:<side>')
    .alias('older${n}:<user>:<symbol>', { side: 'long' })
    .alias('oldest${n}:<user>:<side>', { symbol: 'x', db: 2 }),`
const use = (n: number): string => `schema.key.f${n}({ user: 1, symbol: 'x', side: 'long' })\n`

it('two hundred families with three aliases each are cheap', () => {
  const numbers = Array.from({ length: 200 }, (_, n) => n)
  const schema = `export const schema = defineSchema({ name: 'large', keys: {${numbers.map(family).join('')} } })\n`
  const base = check(`${header}key('a')`)
  const large = check(header + schema + numbers.map(use).join(''))
  expect(base.errors).toEqual([])
  expect(large.errors).toEqual([])
  // Measured 110,000, about 550 a family; a quadratic mistake or `z.ZodType` in a signature goes far beyond.
  expect(large.instantiations - base.instantiations).toBeLessThan(200_000)
}, 120_000)

it('a mistake in it is found, with its sentence', () => {
  const { errors } = check(`${header}key('a:<x>').alias('b:<x>:<y>')\nkey('a:<x>', { y: side })`)
  expect(errors).toHaveLength(2)
  expect(errors[0]).toContain('The alias has the hole <y>, which the canonical pattern lacks')
  expect(errors[1]).toContain('The pattern has no hole <y>')
})
