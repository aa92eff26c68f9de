/**
 * The flags of the demonstration.
 *
 * @module
 */

/** What was asked for. */
export interface Settings {
  readonly help: boolean
  readonly embedded: boolean
  readonly short: boolean
  readonly broken: boolean
  readonly jobs: number
}

const flags: Readonly<Record<string, string>> = {
  '--short': '2,000 jobs and short phases',
  '--jobs': 'so many jobs (default 20,000): --jobs 50000',
  '--embedded': 'use the server inside this process, even where redis-server is installed',
  '--break': 'have one service write both names by hand, and see what that costs; exits 1',
  '--help': 'this text',
}

/** The help text. */
export const help = [
  'Renames job:* to step:* in a running system, and counts what goes wrong.',
  '',
  'npm run demo -- [flags]',
  '',
  ...Object.entries(flags).map(([name, text]) => `  ${name.padEnd(12)}${text}`),
  '',
  'Needs redis-server or valkey-server on the PATH (or CANONICAL_REDIS_SERVER); else it uses the embedded server.',
  'Exit code 0: nothing was lost. 1: something was, or the demonstration failed. 2: a flag was wrong.',
].join('\n')

/** A flag that does not fit. */
export class BadFlag extends Error {}

/** Reads the flags. @throws BadFlag */
export function readArgs(argv: readonly string[]): Settings {
  const given = new Set<string>()
  let jobs: number | undefined
  for (let i = 0; i < argv.length; i++) {
    const [name = '', inline] = (argv[i] as string).split('=', 2)
    if (!(name in flags)) throw new BadFlag(`unknown flag ${name}\n  → did you mean ${nearest(name)}? See --help`)
    if (name === '--jobs') jobs = wholeNumber(inline ?? argv[++i])
    else if (inline !== undefined) throw new BadFlag(`${name} takes no value, got "${inline}"\n  → write ${name} alone`)
    given.add(name)
  }
  const short = given.has('--short')
  return {
    help: given.has('--help'),
    embedded: given.has('--embedded'),
    broken: given.has('--break'),
    short,
    jobs: jobs ?? (short ? 2_000 : 20_000),
  }
}

function wholeNumber(text: string | undefined): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 100 && value <= 1_000_000) return value
  throw new BadFlag(
    `expected --jobs to be a whole number from 100 to 1,000,000, got ${text ?? 'nothing'}\n  → --jobs 5000`,
  )
}

function nearest(name: string): string {
  const known = Object.keys(flags)
  return known.reduce((best, flag) => (distance(name, flag) < distance(name, best) ? flag : best))
}

/** How many letters have to be changed, added or left out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
