import { expect, it } from 'vitest'
import { escapeGlob, Names, printable, type Job } from '../../../src/migrate/names.js'
import { planWalks } from '../../../src/migrate/scan/walks.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const schema = defineSchema({
  name: 'names',
  keys: {
    step: key('step:<id>').alias('job:<id>').alias('task:<id>', { db: 3 }),
    baseline: key('vol:<symbol>').alias('avg:<symbol>', { db: 2 }),
    other: key('new:<id>').alias('old:<id>', { db: 2 }),
    plain: key('plain:<id>'),
  },
})
const all = new Set(schema.families.keys())
const names = (home = 0, prefix = '', families: ReadonlySet<string> = all) =>
  new Names(schema, families, home, Buffer.from(prefix))
const resolve = (name: string, db: number, from = names()): unknown => {
  const job: Job | undefined = from.resolve(Buffer.from(name), db)
  return job && [job.canonical.toString(), ...job.aliases.map((alias) => `${alias.db}/${String(alias.name)}`), job.met]
}

it('knows an alias in its own database only', () => {
  expect(resolve('job:1', 0)).toEqual(['step:1', '0/job:1', '3/task:1', 0])
  expect(resolve('job:1', 3)).toBeUndefined()
  expect(resolve('task:1', 3)).toEqual(['step:1', '0/job:1', '3/task:1', 1])
  expect(resolve('task:1', 0)).toBeUndefined()
})

it('knows a canonical name in the home database only', () => {
  expect(resolve('step:1', 0)).toEqual(['step:1', '0/job:1', '3/task:1', -1])
  expect(resolve('step:1', 3)).toBeUndefined()
  expect(resolve('vol:1', 2)).toBeUndefined()
})

it('takes the database that the client has selected as home', () => {
  expect(resolve('job:1', 7, names(7))).toEqual(['step:1', '7/job:1', '3/task:1', 0])
  expect(resolve('job:1', 0, names(7))).toBeUndefined()
})

it('leaves out unknown names, keys without alias, and families not asked for', () => {
  expect(resolve('unknown', 0)).toBeUndefined()
  expect(resolve('plain:1', 0)).toBeUndefined()
  expect(resolve('job:1', 0, names(0, '', new Set(['baseline'])))).toBeUndefined()
})

it('puts the prefix of the client before every name, and wants it there', () => {
  expect(resolve('app:job:1', 0, names(0, 'app:'))).toEqual(['app:step:1', '0/app:job:1', '3/app:task:1', 0])
  expect(resolve('job:1', 0, names(0, 'app:'))).toBeUndefined()
})

it('does not take a key for its own alias', () => {
  const moved = defineSchema({ name: 'moved', keys: { a: key('a:<id>').alias('a:<id>', { db: 2 }) } })
  const from = (home: number) => new Names(moved, new Set(['a']), home, Buffer.alloc(0))
  expect(resolve('a:1', 2, from(0))).toEqual(['a:1', '2/a:1', 0])
  expect(resolve('a:1', 0, from(0))).toEqual(['a:1', '2/a:1', -1])
  // The client is in database 2 itself: there is one key, and sweeping the "alias" would delete it.
  expect(resolve('a:1', 2, from(2))).toBeUndefined()
})

it('writes names for people', () => {
  expect(printable(Buffer.from('job:ü\\'))).toBe('job:ü\\')
  expect(printable(Buffer.from([0x6a, 0xff, 0x5c, 0x0a]))).toBe('j\\xff\\\\\n')
})

it('escapes what a glob takes for a sign', () => {
  expect(escapeGlob(Buffer.from('a*?[]\\b')).toString()).toBe('a\\*\\?\\[\\]\\\\b')
})

const walks = (...args: Parameters<typeof planWalks>) =>
  Object.fromEntries(planWalks(...args).map(({ db, match }) => [db, match?.toString()]))

it('walks through each database once, with a glob where one is enough', () => {
  expect(walks(names(), 'aliases')).toEqual({ 0: 'job:*', 2: undefined, 3: 'task:*' })
  expect(walks(names(), 'both')).toEqual({ 0: undefined, 2: undefined, 3: 'task:*' })
  expect(walks(names(0, '', new Set(['baseline'])), 'both')).toEqual({ 0: 'vol:*', 2: 'avg:*' })
  expect(walks(names(0, '', new Set(['plain'])), 'both')).toEqual({})
  expect(walks(names(2), 'both')).toEqual({ 2: undefined, 3: 'task:*' })
})

it('walks by the glob of the caller, and behind the prefix', () => {
  expect(walks(names(), 'aliases', 'job:4*')).toEqual({ 0: 'job:4*', 2: 'job:4*', 3: 'job:4*' })
  expect(walks(names(0, 'a[p]:'), 'both')).toEqual({ 0: 'a\\[p\\]:*', 2: 'a\\[p\\]:*', 3: 'a\\[p\\]:task:*' })
})
