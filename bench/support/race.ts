/**
 * Side by side: contestants take turns in short laps, so that what else the machine does hits all of them alike.
 *
 * @module
 */

/** One of those who are compared. A slice is a fixed amount of work; a lap is as many slices as fill its time. */
export interface Contestant {
  readonly name: string
  readonly slice: () => unknown
}

/** What came of one contestant; medians over the rounds. */
export interface Raced {
  /** Throughput, the first contestant's being 1: the median of the ratios of each round. */
  readonly throughput: number
  /** CPU time of this process for one operation, the first contestant's being 1: the median likewise. */
  readonly cpu: number
  /** Nanoseconds of one operation. They tell of the machine as much as of the code. */
  readonly ns: number
  /** Nanoseconds of CPU time of this process for one operation, its collector of garbage and its compilers included. */
  readonly cpuNs: number
}

/** How long it goes on. */
export interface RaceOptions {
  /** Operations in one slice. */
  readonly operations: number
  /** Rounds that count. */
  readonly rounds: number
  /** Each contestant runs so long before it counts: what is compiled meanwhile would be counted as its CPU time. */
  readonly warmUpMs?: number
  /**
   * How long a lap is. Where much is under way at once, collections of the young generation take long, and a lap has to hold
   * several: with one or none, the median falls on either side by chance.
   */
  readonly lapMs?: number
}

/**
 * Short, so that many rounds fit and the median drops those in which others had the processor: under load 51 rounds of 10 ms
 * scattered by a tenth, 9 rounds of 40 ms by a half.
 */
const LAP_MS = 10
const WARM_UP_MS = 200

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

interface Lap {
  readonly ns: number
  readonly cpu: number
}

/** Lets the contestants take turns. */
export async function race<const Names extends readonly Contestant[]>(
  contestants: Names,
  { operations, rounds, warmUpMs = WARM_UP_MS, lapMs = LAP_MS }: RaceOptions,
): Promise<Record<Names[number]['name'], Raced>> {
  const slices = await warmUp(contestants, warmUpMs, lapMs)
  const laps = contestants.map((): Lap[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const turn of shuffled(contestants.length)) {
      laps[turn]!.push(await timed(contestants[turn]!.slice, slices[turn]!, operations))
    }
  }
  const [first = []] = laps
  const results = contestants.map(({ name }, i) => {
    const own = laps[i]!
    const raced: Raced = {
      throughput: median(own.map(({ ns }, round) => first[round]!.ns / ns)),
      cpu: median(own.map(({ cpu }, round) => cpu / first[round]!.cpu)),
      ns: median(own.map(({ ns }) => ns)),
      cpuNs: median(own.map(({ cpu }) => cpu)),
    }
    return [name, raced] as const
  })
  return Object.fromEntries(results) as Record<Names[number]['name'], Raced>
}

/** By chance: in a fixed order collections of the young generation, which come in turns too, fell to the same contestant. */
const shuffled = (length: number): number[] =>
  Array.from({ length }, (_, i) => ({ i, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ i }) => i)

/**
 * In turns already: what one contestant does would otherwise undo what was compiled for the one before, and it would be
 * compiled again while it counts. Gives how many slices make a lap of each.
 */
async function warmUp(contestants: readonly Contestant[], ms: number, lapMs: number): Promise<number[]> {
  const took = contestants.map((): number[] => [])
  const end = performance.now() + ms * contestants.length
  do {
    for (const [i, { slice }] of contestants.entries()) {
      const began = performance.now()
      await slice()
      took[i]!.push(performance.now() - began)
    }
  } while (performance.now() < end)
  return took.map((own) => Math.max(1, Math.round(lapMs / median(own.slice(-20)))))
}

/** Nanoseconds of one operation. */
async function timed(slice: Contestant['slice'], slices: number, operations: number): Promise<Lap> {
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  for (let i = 0; i < slices; i++) await slice()
  const ns = Number(process.hrtime.bigint() - start)
  const used = process.cpuUsage(cpu)
  const all = slices * operations
  return { ns: ns / all, cpu: ((used.user + used.system) * 1000) / all }
}
