/**
 * The documentation tells the truth: its TypeScript compiles, what it marks `run` runs, and the npm scripts that it
 * names exist. How blocks are marked: extract.ts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { execute } from './execute.js'
import { extractBlocks, isTypeScript, modulesOf, npmScripts, type Module } from './extract.js'
import { typeErrors } from './typecheck.js'

const pages = existsSync('docs') ? readdirSync('docs', { recursive: true, encoding: 'utf8' }) : []
const documents = ['README.md', ...pages.map((page) => `docs/${page}`)].filter((file) => file.endsWith('.md'))
const present = documents.filter((file) => existsSync(file)).sort()

const blocks = present.flatMap((file) => extractBlocks(file, readFileSync(file, 'utf8')))
const modules = present.flatMap((file) => modulesOf(blocks.filter((block) => block.file === file)))
const place = ({ block: { file, line } }: Pick<Module, 'block'>): string => `${file}:${line}`

let errors: Map<Module, string[]>
beforeAll(() => {
  errors = typeErrors(modules)
})

it('README.md is there', () => {
  expect(present).toContain('README.md')
})

for (const module of modules) {
  it(`${place(module)} compiles`, () => {
    expect(errors.get(module)).toEqual([])
  })
}

for (const module of modules.filter(({ block }) => block.flags.includes('run'))) {
  // Two minutes: a process and a server are started, and the process has one minute.
  it(`${place(module)} runs`, { timeout: 120_000 }, async () => {
    const { end, output } = await execute(module)
    expect(end, output).toBe(0)
  })
}

for (const block of blocks.filter(isTypeScript)) {
  it(`${place({ block })} is marked with words that mean something`, () => {
    expect(['run', 'continued', 'no-check']).toEqual(expect.arrayContaining([...block.flags]))
    if (block.flags.includes('no-check')) expect(block.above).toMatch(/^\s*<!-- no-check: \S.* -->$/)
  })
}

for (const { script, block } of npmScripts(blocks)) {
  it(`${place({ block })} calls the npm script ${script}, which exists`, () => {
    expect(Object.keys(manifest.scripts)).toContain(script)
  })
}
