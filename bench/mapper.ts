/**
 * What it takes to recognise a name: the mapper beside a list of regular expressions and beside two routers, at 10, 100 and
 * 1,000 families. Results in bench/results/mapper.json.
 *
 * @module
 */
import { defineSchema, key } from 'canonical-redis'
import findMyWay from 'find-my-way'
import { addRoute, createRouter, findRoute } from 'rou3'
import { race } from './support/race.js'
import { byMode, save } from './support/results.js'

const rounds = byMode({ full: 61, short: 21, smoke: 1 })
const warmUpMs = byMode({ full: 100, short: 50, smoke: 0 })
/** Names in turn, so that no single one stays in the caches of the processor. */
const names = 512

/** One line of the results. */
export interface MapperRow {
  readonly families: number
  readonly name: 'a hit' | 'a miss'
  readonly what: string
  readonly ns: number
}

type Look = (i: number) => unknown

/** Families that share beginnings, as keys of one application do. */
const pattern = (i: number): string => `app${i % 20}:thing${i}:<id>:state`

/** Everything that is compared, by what it is called in the table; `at` numbers names from 0. */
function looks(families: number, hit: boolean): Record<string, Look> {
  const { mapper } = defineSchema({
    name: 'bench',
    keys: Object.fromEntries(
      Array.from({ length: families }, (_, i) => [`f${i}`, key(pattern(i)).alias(`old${i}:<id>`)]),
    ),
  })
  const canonical = Array.from({ length: names }, (_, i) => pattern(i % families).replace('<id>', String(1000 + i)))
  const alias = Array.from({ length: names }, (_, i) => `old${i % families}:${1000 + i}`)
  // A miss shares the beginning of a hit and ends otherwise: what is nothing like a hit costs less everywhere.
  const asked = hit ? canonical : canonical.map((name) => `${name}s`)
  const aliases = hit ? alias : alias.map((name) => `${name}:s`)
  const buffers = asked.map((name) => Buffer.from(name))
  const paths = asked.map((name) => `/${name.replaceAll(':', '/')}`)
  const expressions = Array.from(
    { length: families },
    (_, i) => new RegExp(`^${pattern(i).replace('<id>', '([^:]+)')}$`),
  )
  const way = findMyWay()
  const router = createRouter<number>()
  for (let i = 0; i < families; i++) {
    const path = `/${pattern(i)
      .replace('<id>', ':id')
      .replaceAll(/:(?!id)/g, '/')}`
    way.on('GET', path, () => undefined)
    addRoute(router, 'GET', path, i)
  }
  const is = (found: unknown): boolean => found !== undefined && found !== null
  for (const found of [mapper.parse(asked[0]!), way.find('GET', paths[0]!), findRoute(router, 'GET', paths[0]!)]) {
    if (is(found) !== hit) throw new Error('a contestant does not find what it should')
  }
  return {
    'mapper, what every command asks': (i) => mapper.glance(asked[i]!),
    'the same of a Buffer': (i) => mapper.glance(buffers[i]!),
    'mapper, name from alias': (i) => mapper.getCanonicalKey(aliases[i]!),
    'mapper, family and parameters': (i) => mapper.parse(asked[i]!),
    'find-my-way 9, route and parameters': (i) => way.find('GET', paths[i]!),
    'rou3 1, route and parameters': (i) => findRoute(router, 'GET', paths[i]!),
    'list of regular expressions': (i) => expressions.find((one) => one.test(asked[i]!)),
  }
}

const sizes = byMode({ full: [10, 100, 1000], short: [10, 100, 1000], smoke: [10] })
const rows: MapperRow[] = []
for (const name of ['a hit', 'a miss'] as const) {
  const all = sizes.map((families) => Object.entries(looks(families, name === 'a hit')))
  for (let which = 0; which < all[0]!.length; which++) {
    const contestants = all.map((entries, i) => {
      const look = entries[which]![1]
      const slice = (): void => {
        for (let k = 0; k < names; k++) look(k)
      }
      return { name: String(sizes[i]), slice }
    })
    const results = await race(contestants, { operations: names, rounds, warmUpMs })
    const what = all[0]![which]![0]
    for (const families of sizes) rows.push({ families, name, what, ns: results[String(families)]!.ns })
    console.log(
      ' ',
      name,
      what,
      ...sizes.map((families) => `${families}: ${results[String(families)]!.ns.toFixed(0)} ns`),
    )
  }
}
save('mapper', rounds, rows)
