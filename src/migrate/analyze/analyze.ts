/**
 * The analysis before a migration: what is there, how much of it, and what the backfill would come to.
 *
 * @module
 */
import { printable, type Job } from '../names.js'
import { BIG_BYTES, type Run } from '../run.js'
import { walkAll } from '../scan/walker.js'
import { Capped } from '../tally.js'
import type { Analysis, AnalyzeOptions, FamilyAnalysis, GroupAnalysis, Impact, LookAlike } from '../types/index.js'
import { LookAlikes } from './look-alike.js'
import { expiriesOf, largestOf, measureKeys, sizesOf, typesOf, type Measured, type Sample } from './measure.js'
import { Reservoir, shapeOf } from './reservoir.js'

/** Shapes that are told apart at most, so that names without any order fit in memory. */
const SHAPES = 1000
const SHAPES_SHOWN = 20
const LOOK_ALIKES = 50
const NAMES_SHOWN = 5

/** What copying is taken to do, where no rate is given: half of what was measured for small hashes on two cores. */
const USUAL_RATE = 50_000
const USUAL_BYTES = 100_000_000

/** Analyzes. Reads only. */
export async function analyzeKeys(run: Run, options: AnalyzeOptions): Promise<Analysis> {
  const census = new Census(run, options.sample ?? 1000)
  const began = performance.now()
  await walkAll(run, {
    sides: 'everything',
    each(names, { db }) {
      for (const name of names) census.add(name, db)
      return true
    },
  })
  const scanSeconds = (performance.now() - began) / 1000
  const families: Record<string, FamilyAnalysis> = {}
  const everything: Measured[] = []
  const impact = { keysToCopy: 0, bytesToCopy: 0, bigKeys: 0 }
  for (const [name, count] of census.families) {
    const measured = await measureKeys(run, count.aliases.items)
    const canonical = await measureKeys(run, count.canonical.items)
    everything.push(...measured, ...canonical)
    families[name] = familyOf(run, name, count, measured, canonical)
    // A queue is moved, and takes no room beside itself.
    if (families[name].queue) continue
    const open = measured.filter(({ otherExists }) => !otherExists)
    const scale = count.aliases.seen / Math.max(1, measured.length)
    impact.keysToCopy += Math.round(open.length * scale)
    impact.bytesToCopy += Math.round(open.reduce((sum, { bytes }) => sum + bytes, 0) * scale)
    impact.bigKeys += open.filter(({ bytes }) => bytes > BIG_BYTES).length
  }
  const shapes = [...census.shapes.values()].sort((a, b) => b.keys - a.keys)
  return {
    ...run.result(),
    totalKeys: census.total,
    byDatabase: Object.fromEntries(census.databases),
    managedKeys: census.managed,
    unmanagedKeys: census.total - census.managed,
    families,
    groups: groupsOf(run, families),
    unmanaged: shapes.slice(0, SHAPES_SHOWN),
    unmanagedOmitted: Math.max(0, shapes.length - SHAPES_SHOWN) + census.shapesOmitted,
    lookAlikes: census.lookAlikes.items,
    lookAlikesOmitted: census.lookAlikes.omitted,
    largest: largestOf(everything),
    impact: await impactOf(run, impact, scanSeconds),
  }
}

function groupsOf(run: Run, families: Readonly<Record<string, FamilyAnalysis>>): Analysis['groups'] {
  const counts = Object.entries(families).map(([name, { aliasKeys, canonicalKeys, sizes }]) => [
    name,
    { aliasKeys, canonicalKeys, bytes: sizes.total },
  ])
  const sums = run.grouped(Object.fromEntries(counts) as Record<string, Omit<GroupAnalysis, 'families'>>)
  const { groups } = run.names.schema
  return Object.fromEntries(
    Object.entries(sums).map(([group, sum]) => [
      group,
      { families: groups.get(group)!.filter((family) => family in families), ...sum },
    ]),
  )
}

interface Count {
  readonly aliases: Reservoir<Sample>
  readonly canonical: Reservoir<Sample>
}

interface Shape {
  readonly shape: string
  readonly db: number
  keys: number
  readonly samples: string[]
}

/** Counts every name as the scan gives it. */
class Census {
  readonly families = new Map<string, Count>()
  readonly databases = new Map<number, number>()
  readonly shapes = new Map<string, Shape>()
  readonly lookAlikes = new Capped<LookAlike>(LOOK_ALIKES)
  total = 0
  managed = 0
  shapesOmitted = 0
  readonly #resembles: LookAlikes

  constructor(
    readonly run: Run,
    sample: number,
  ) {
    for (const family of run.names.families) {
      this.families.set(family, { aliases: new Reservoir(sample), canonical: new Reservoir(sample) })
    }
    this.#resembles = new LookAlikes(run.names.schema, run.names.families)
  }

  add(name: Buffer, db: number): void {
    this.total++
    this.databases.set(db, (this.databases.get(db) ?? 0) + 1)
    const job = this.run.names.resolve(name, db)
    if (job) this.#managed(job, name, db)
    else this.#unmanaged(name, db)
    this.run.counts = { keys: this.total, managed: this.managed }
  }

  #managed({ family, canonical, met }: Job, name: Buffer, db: number): void {
    this.managed++
    const count = this.families.get(family)!
    count[met === -1 ? 'canonical' : 'aliases'].add({ place: { name, db }, canonical })
  }

  #unmanaged(name: Buffer, db: number): void {
    const text = printable(name)
    const prefix = printable(this.run.names.keyPrefix)
    if (!text.startsWith(prefix)) return this.#shape(text, db)
    const own = text.slice(prefix.length)
    const elsewhere = this.run.names.schema.mapper.resolve(own)
    // Managed after all: a family without aliases has nothing to migrate.
    if (elsewhere?.aliases.length === 0) return void this.managed++
    this.#shape(text, db)
    const found =
      elsewhere && this.run.names.families.has(elsewhere.family)
        ? { family: elsewhere.family, why: `would be managed in another database, but not in ${db}` }
        : this.#resembles.find(own)
    if (found) this.lookAlikes.push({ key: text, db, ...found })
  }

  #shape(text: string, db: number): void {
    const shape = shapeOf(text)
    const id = `${db} ${shape}`
    const known = this.shapes.get(id)
    if (known) {
      known.keys++
      if (known.samples.length < NAMES_SHOWN) known.samples.push(text)
    } else if (this.shapes.size < SHAPES) this.shapes.set(id, { shape, db, keys: 1, samples: [text] })
    else this.shapesOmitted++
  }
}

function familyOf(
  run: Run,
  name: string,
  { aliases, canonical }: Count,
  measured: readonly Measured[],
  others: readonly Measured[],
): FamilyAnalysis {
  const info = run.names.schema.families.get(name)!
  // What there is most of stands for the family: at first the aliases, later the canonical keys.
  const [shown, of] = aliases.seen >= canonical.seen ? [measured, aliases.seen] : [others, canonical.seen]
  return {
    canonical: info.canonical.source,
    aliases: info.aliases.map(({ source }) => source),
    aliasKeys: aliases.seen,
    canonicalKeys: canonical.seen,
    migrated: {
      keys: measured.filter(({ otherExists }) => otherExists).length,
      sampled: measured.length,
      of: aliases.seen,
    },
    types: typesOf(shown),
    sizes: sizesOf(shown, of),
    expiries: expiriesOf(shown, of),
    samples: [...measured, ...others].slice(0, NAMES_SHOWN).map(({ key }) => key),
    largest: largestOf([...measured, ...others]),
    queue: info.queue,
  }
}

async function impactOf(
  run: Run,
  { keysToCopy, bytesToCopy, bigKeys }: Pick<Impact, 'keysToCopy' | 'bytesToCopy' | 'bigKeys'>,
  scanSeconds: number,
): Promise<Impact> {
  let [usedMemory, maxMemory] = [0, 0]
  for (const server of await run.session.list()) {
    const load = await run.loadOf(server)
    usedMemory += load?.usedMemory ?? 0
    maxMemory += load?.maxMemory ?? 0
  }
  const keysPerSecond = Math.min(run.settings.rate ?? Infinity, USUAL_RATE)
  const copying = Math.max(keysToCopy / keysPerSecond, bytesToCopy / USUAL_BYTES)
  return {
    keysToCopy,
    bytesToCopy,
    usedMemory,
    maxMemory,
    fits: maxMemory === 0 || usedMemory + bytesToCopy <= maxMemory * 0.9,
    bigKeys,
    estimate: { keysPerSecond, bytesPerSecond: USUAL_BYTES, seconds: Math.ceil(scanSeconds + copying) },
  }
}
