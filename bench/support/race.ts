/**
 * Side by side: contestants take turns in short slices, so that what else the machine does hits all of them alike.
 *
 * @module
 */

/** One of those who are compared. A slice is a fixed amount of work. */
export interface Contestant {
  readonly name: string
  readonly slice: () => unknown
}

/** What came of one contestant; medians over the rounds. */
export interface Raced {
  /** Throughput, the first contestant's being 1: the median of the ratios of each round. */
  readonly throughput: number
  /** CPU time of this process for one operation, the first contestant's being 1. */
  readonly cpu: number
  /** Nanoseconds of one operation. They tell of the machine as much as of the code. */
  readonly ns: number
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

/**
 * Lets the contestants take turns.
 *
 * @param operations in one slice
 * @param rounds that count; a few go before to warm up
 */
export async function race<const Names extends readonly Contestant[]>(
  contestants: Names,
  { operations, rounds }: { readonly operations: number; readonly rounds: number },
): Promise<Record<Names[number]['name'], Raced>> {
  const laps = contestants.map((): { ns: number; cpu: number }[] => [])
  for (let round = -3; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      // Each begins as often as the others.
      const turn = (i + round + 3) % contestants.length
      const lap = await timed((contestants[turn] as Contestant).slice)
      if (round >= 0) laps[turn]?.push(lap)
    }
  }
  const [first = []] = laps
  const results = contestants.map(({ name }, i) => {
    const own = laps[i] ?? []
    const ratios = own.map(({ ns }, round) => (first[round]?.ns ?? NaN) / ns)
    const cpu = sum(own.map((lap) => lap.cpu)) / sum(first.map((lap) => lap.cpu))
    return [name, { throughput: median(ratios), cpu, ns: median(own.map(({ ns }) => ns)) / operations }] as const
  })
  return Object.fromEntries(results) as Record<Names[number]['name'], Raced>
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

async function timed(slice: () => unknown): Promise<{ ns: number; cpu: number }> {
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  await slice()
  const ns = Number(process.hrtime.bigint() - start)
  const used = process.cpuUsage(cpu)
  return { ns, cpu: used.user + used.system }
}
