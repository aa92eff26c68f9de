/** The runner itself, on documents made up here: each way in which a block can be wrong is seen. */
import { expect, it } from 'vitest'
import { execute } from './execute.js'
import { extractBlocks, modulesOf, npmScripts, type Module } from './extract.js'
import { typeErrors } from './typecheck.js'

const fenced = (info: string, ...code: string[]): string => ['```' + info, ...code, '```', ''].join('\n')
const read = (...parts: string[]) => extractBlocks('made/up.md', parts.join('\n'))
const modules = (...parts: string[]): Module[] => modulesOf(read(...parts))
const errors = (...parts: string[]): string[] => [...typeErrors(modules(...parts)).values()].flat()

it('finds blocks with their place, words and code, also in lists and behind tildes', () => {
  const text = ['text', '<!-- a -->', '```ts run', 'const a = 1', '```', '- list', '  ~~~~bash', '  npm test', '  ~~~~']
  expect(read(...text)).toEqual([
    { file: 'made/up.md', line: 4, language: 'ts', flags: ['run'], code: 'const a = 1', above: '<!-- a -->' },
    { file: 'made/up.md', line: 8, language: 'bash', flags: [], code: 'npm test', above: '- list' },
  ])
})

it('shows a fence inside a longer fence as code', () => {
  expect(read('````md', '```ts', 'x', '```', '````')).toMatchObject([{ language: 'md', code: '```ts\nx\n```' }])
})

it('names the fence that never ends', () => {
  expect(() => read('text', '```ts', 'const a = 1')).toThrow('made/up.md:2')
})

it('says the line of the document that a type error is on', () => {
  const [error, ...others] = errors('one', 'two', fenced('ts', 'const a = 1', 'const b: string = a'))
  expect(error).toMatch(/^made\/up\.md:5: Type 'number' is not assignable/)
  expect(others).toEqual([])
})

it('gives each block a scope of its own', () => {
  expect(errors(fenced('ts', 'const a = 1'), fenced('ts', 'const a = 2'))).toEqual([])
  expect(errors(fenced('ts', 'const a = 1'), fenced('ts', 'a.toFixed()')).join()).toContain("Cannot find name 'a'")
})

it('lets a continued block see the one before it, and keeps the lines right', () => {
  expect(errors(fenced('ts', 'const a = 1'), fenced('ts continued', 'a.toFixed()'))).toEqual([])
  expect(errors(fenced('ts', 'const a = 1'), 'text', fenced('ts continued', 'a.nope()'))[0]).toMatch(
    /^made\/up\.md:7: /,
  )
  expect(() => modules(fenced('ts continued', 'a.toFixed()'))).toThrow('nothing to continue')
})

it('leaves out what is marked no-check, and other languages', () => {
  expect(modules(fenced('ts no-check', 'nonsense('), fenced('js', 'nonsense('))).toEqual([])
})

it('resolves the package by its name', () => {
  const imports = (name: string) => fenced('ts', `import { ${name} } from 'canonical-redis'`, `void ${name}`)
  expect(errors(imports('CanonicalRedisError'))).toEqual([])
  expect(errors(imports('NotExported')).join()).toContain('NotExported')
})

it('executes a block with the package and a server, and gives what it prints', async () => {
  const [module] = modules(
    fenced(
      'ts run',
      `import { Redis } from 'ioredis'`,
      `import { errorCodes } from 'canonical-redis'`,
      `const redis = new Redis(process.env.REDIS_URL!)`,
      `console.log(await redis.set('a', '1'), 'E_BAD_PATTERN' in errorCodes)`,
      `await redis.quit()`,
    ),
  )
  expect(await execute(module!)).toEqual({ end: 0, output: 'OK true\n' })
})

it('sees a block that throws', async () => {
  const [module] = modules(fenced('ts run', `throw new Error('as documented')`))
  const { end, output } = await execute(module!)
  expect(end).toBe(1)
  expect(output).toContain('as documented')
})

it('finds the npm scripts that shell blocks call, and no other npm commands', () => {
  const calls = npmScripts(
    read(fenced('bash', 'npm install x && npm test', 'npm run demo -- --short', 'npm run -s lint:code')),
  )
  expect(calls.map(({ script }) => script)).toEqual(['test', 'demo', 'lint:code'])
})
