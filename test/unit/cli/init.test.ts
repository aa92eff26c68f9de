/** Patterns mined from names, and the draft that is made of them, which always loads. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { draftConfig, emptyConfig } from '../../../src/cli/init/draft.js'
import { kindOf } from '../../../src/cli/init/kinds.js'
import { mine } from '../../../src/cli/init/mine.js'
import type { Found, Sample } from '../../../src/cli/init/sample.js'
import { loadConfig } from '../../../src/cli/config/load.js'
import * as main from '../../../src/index.js'
import { project } from '../../support/cli.js'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const patterns = (names: readonly string[]): string[] => mine(names).map(({ pattern }) => pattern)
const times = (count: number, name: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => name(i))

describe('kinds of parts', () => {
  it.each([
    ['42', 'a number'],
    ['-7', 'a number'],
    ['123e4567-e89b-12d3-a456-426614174000', 'a UUID'],
    ['2025-01-31', 'a date'],
    ['20250131', 'a date'],
    ['2025-01', 'a month'],
    ['anna@example.com', 'an e-mail address'],
    ['10.0.0.1', 'an IP address'],
    ['12c6fc06c99a462375ee', 'hex'],
    ['01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a ULID'],
    ['SGVsbG8gV29ybGQhISEx', 'base64'],
    ['Zm9vYmFyYmF6cXV4MQ==', 'base64'],
  ])('%s is %s', (text, kind) => {
    expect(kindOf(text)?.name).toBe(kind)
  })

  it.each(['pending', 'volume_averages', 'BTC-USDT-SWAP', 'rsi', 'defaced', 'rayban-meta-glasses-api', ''])(
    '"%s" is a word',
    (text) => {
      expect(kindOf(text)).toBeUndefined()
    },
  )
})

describe('patterns', () => {
  it('ids become holes, and what follows them stays', () => {
    const names = [...times(50, (i) => `job:${i}`), ...times(30, (i) => `job:${i}:progress`), 'jobs:pending']
    expect(patterns(names)).toEqual(['job:<id>', 'job:<id>:progress', 'jobs:pending'])
  })

  it('few words at one place are literals, many are names of something', () => {
    const symbols = times(30, (i) => String.fromCharCode(65 + (i % 26)) + 'ZX'.repeat(1 + Math.floor(i / 26)))
    const names = symbols.flatMap((symbol) => ['rsi', 'delta'].map((name) => `indicators:${symbol}:${name}`))
    expect(patterns(names)).toEqual(['indicators:<indicator>:delta', 'indicators:<indicator>:rsi'])
  })

  it('an id behind a word, other separators, and ids of several kinds', () => {
    expect(patterns(times(9, (i) => `cache/user_${i}`))).toEqual(['cache/user_<id>'])
    expect(patterns(times(9, (i) => `app.session.${i}a1b2c3d4`))).toEqual(['app.session.<hash>'])
    expect(patterns(times(9, (i) => `log:2025-01-0${i + 1}:${i}`))).toEqual(['log:<date>:<id>'])
    expect(patterns(['user:anna@example.com:7'])).toEqual(['user:<email>:<id>'])
    expect(patterns(times(9, (i) => `md:{${i}}:ticks`))).toEqual(['md:{<id>}:ticks'])
  })

  it('counts every name once, keeps few examples, and says what the holes hold', () => {
    const [job] = mine([...times(100, (i) => `job:${i}`), 'job:1'])
    expect(job).toMatchObject({ count: 100, examples: expect.objectContaining({ length: 20 }) })
    expect([...job!.holes]).toEqual([['id', 'a number']])
  })

  it('ids of several kinds at one place are one pattern', () => {
    const [log, ...others] = mine([...times(5, (i) => `log:2025-01-0${i + 1}`), 'log:7', 'log:anna@example.com'])
    expect(others).toEqual([])
    expect(log).toMatchObject({ pattern: 'log:<date>', count: 7 })
    expect([...log!.holes]).toEqual([['date', 'a date or an e-mail address or a number']])
  })

  it('writes a literal < as <<, and never two holes of one name', () => {
    expect(patterns(['a<b:1:2'])).toEqual(['a<<b:<id>:<id2>'])
  })
})

const found = (names: readonly string[]): Found[] =>
  mine(names).map((mined) => ({ ...mined, types: ['string'], expiring: [0, 1] as const }))
const sampleOf = (names: readonly string[]): Sample => ({
  found: found(names),
  scanned: names.length,
  total: names.length,
  binary: 0,
  db: 0,
  others: {},
})

describe('the draft', () => {
  let folder: ReturnType<typeof project>
  beforeAll(() => {
    folder = project('')
  })
  afterAll(() => folder.remove())

  async function load(text: string): Promise<main.Schema> {
    const file = join(folder.cwd, 'draft.ts')
    writeFileSync(file, text)
    const io = { cwd: folder.cwd, modules: { 'canonical-redis': main } } as never
    return (await loadConfig(io, file)).config.schema
  }

  it('of an example loads', async () => {
    expect([...(await load(emptyConfig())).families.keys()]).toEqual(['step', 'progress', 'pending'])
  })

  it('has a family for each pattern, which knows the names that it came from', async () => {
    const names = [...times(20, (i) => `job:${i}`), 'jobs:pending', "it's:1", 'a\\b', 'two words:3']
    const { mapper, families } = await load(draftConfig(sampleOf(names), 'redis://:secret@localhost'))
    expect(families.size).toBe(5)
    for (const name of names) expect([name, mapper.isKeyManaged(name)]).toEqual([name, true])
  })

  it('shows no password', () => {
    expect(draftConfig(sampleOf(['a:1']), 'redis://me:secret@localhost/1')).not.toContain('secret')
  })

  it('leaves out, with the reason, what cannot stand beside the others', async () => {
    const [one] = found(['job:1'])
    const text = draftConfig(
      { ...sampleOf([]), found: [one!, { ...one!, pattern: 'job:<other>' }] },
      'redis://localhost',
    )
    expect((await load(text)).families.size).toBe(1)
    expect(text).toMatch(/\/\/ Left out: .*job:<other>.*\n.*\/\/ job2: key\('job:<other>'\)/)
  })

  it('loads whatever the names are', { timeout: 120_000 }, async () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        'job',
        '42',
        "'",
        '\\',
        '*/',
        '${x}',
        '`',
        '<id>',
        '<',
        '\n',
        '\u2028',
        'db',
        '__proto__',
        'x@y.z',
      ),
    )
    const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(':'))
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 12 }), async (names) => {
        await load(
          draftConfig(sampleOf(names.filter((one) => Buffer.from(one).toString() === one)), 'redis://localhost'),
        )
      }),
      { numRuns: 200 },
    )
  })
})
