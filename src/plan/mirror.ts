/**
 * How a write reaches the second name of each of its keys: which way, and the steps of each.
 *
 * @module
 */
import { keepsKey, mirrorOf, type Arg, type Located, type MirrorWay, type RecipeName } from '../commands/index.js'
import type { Block, Place } from './block.js'
import { distinct, rewrite, type Pair } from './pairs.js'
import { guardScript, recipes, supersedeScript, tidyScript } from './recipes.js'
import type { PlanContext } from './types.js'

/** The way of one command line under the phases of its keys. */
export interface Mirroring {
  readonly way: MirrorWay
  /** Of an `effect`. */
  readonly recipe?: RecipeName
  /** Of `state`: the command leaves no key missing that was there. */
  readonly keeps?: boolean
}

/** A write with its keys. */
export interface Write {
  readonly argv: readonly Arg[]
  readonly located: Located
  readonly pairs: readonly Pair[]
  readonly context: PlanContext
}

/** A key with its second name, which its phase mirrors. */
type Mirrored = Pair & { readonly secondary: Place }

/** What the row and the line allow, if the keys allow it too; `state` otherwise, which always works. */
export function chooseMirror({ argv, located, pairs, context }: Write): Mirroring {
  const { row } = located
  const way = mirrorOf(row, argv)
  const hasModules = context.hasModules === true
  if (way === 'overwrite') {
    // DEL under a name that could not be adopted replies 0: then nothing may go, and the guard sees to it.
    return { way: hasModules && pairs.some((pair) => pair.use === 'delete') ? 'state' : way }
  }
  if (way !== 'replay' && way !== 'effect') return { way, keeps: keepsKey(row, argv) }
  if (pairs.length < located.keys.length || !pairs.every(isMirrored)) return { way: 'state' }
  const db = pairs[0]?.secondary.db
  const here = pairs.every(({ primary, secondary }) => secondary.db === primary.db)
  const keys = distinct(pairs).length
  // An expiry can be brought over whatever the key holds. A RENAME of what has no COPY cannot.
  const recipe = way === 'effect' || (hasModules && row.anyType) ? row.recipe : undefined
  if (recipe !== undefined) {
    // A stream that is read twice in one command has entries that were delivered twice.
    const fits = here && keys === pairs.length && argv.length < MOST_UNPACKED
    return fits ? { way: 'effect', recipe } : { way: 'state' }
  }
  // LMOVE of a list to what has no COPY is refused, but not on the second names, where that key is missing.
  const together = db !== undefined && pairs.every(({ secondary }) => secondary.db === db)
  const fits = together && (!hasModules || (here && keys === 1 && !row.anyType))
  return { way: fits ? 'replay' : 'state' }
}

/** Lua's `unpack` ends near 8,000. */
const MOST_UNPACKED = 7_000

function isMirrored(pair: Pair): pair is Mirrored {
  return pair.use !== 'read' && pair.rule.secondary === 'mirror' && pair.secondary !== undefined
}

/**
 * What has to be there before the command runs: a second name that is missing is copied, and one that is there is equal,
 * so COPY leaves it alone. Replayed without it, INCR would give 1.
 */
export function beforeOp(block: Block, { way }: Mirroring, written: readonly Pair[]): void {
  if (way !== 'replay' && way !== 'effect') return
  for (const { primary, secondary } of written.filter(isMirrored)) block.copy('mirror', primary, secondary)
}

/** The command for the first names: the caller's own, so that its reply keeps its shape; or a recipe that contains it. */
export function opFor({ recipe }: Mirroring, { argv, pairs }: Write): readonly Arg[] {
  return recipe && recipes[recipe].inPlace ? recipeLine(recipe, argv, pairs) : rewrite(argv, pairs, 'primary')
}

/** What the command did to the first names, done to the second. */
export function afterOp(block: Block, { way, recipe }: Mirroring, write: Write): void {
  const { argv, pairs, context } = write
  if (way === 'overwrite') overwrite(block, argv, pairs)
  if (way === 'effect' && recipe && !recipes[recipe].inPlace) {
    block.add('mirror', (pairs[0] as Pair).primary.db, recipeLine(recipe, argv, pairs))
  }
  if (way !== 'replay') return
  block.add('mirror', (pairs[0] as Mirrored).secondary.db, rewrite(argv, pairs, 'secondary'))
  if (context.hasModules !== true) return
  const { primary, secondary } = pairs[0] as Mirrored
  block.add('mirror', primary.db, ['EVAL', tidyScript, '2', primary.name, secondary.name])
}

function recipeLine(name: RecipeName, argv: readonly Arg[], pairs: readonly Pair[]): readonly Arg[] {
  const { script, args } = recipes[name]
  const each = distinct(pairs).filter(isMirrored)
  const keys = [...each.map(({ primary }) => primary.name), ...each.map(({ secondary }) => secondary.name)]
  return ['EVAL', script, String(keys.length), ...keys, ...args(argv, rewrite(argv, pairs, 'secondary'))]
}

/** What a write does to the other names of one key, once the primary has changed. */
export function settle(block: Block, pair: Pair, { way, keeps }: Mirroring, context: PlanContext): void {
  const { secondary, primary, rule } = pair
  if (secondary === undefined || rule.secondary === 'leave') return
  const guarded = way !== 'overwrite' && context.hasModules === true && rule.primary === 'canonical'
  const drop = guarded ? guard : unlink
  if (rule.secondary === 'unlink') drop(block, 'drop', primary, secondary)
  else if (way === 'state' || (way === 'overwrite' && secondary.db !== primary.db)) {
    const copy = guarded ? guard : keeps ? copyOver : copyAnew
    copy(block, 'mirror', primary, secondary)
  }
  if (rule.primary === 'alias') supersede(block, pair)
  // The canonical name has overtaken every alias; an older spelling left here would be adopted after a delete.
  else for (const place of pair.aliases.slice(1)) drop(block, 'drop', primary, place)
}

/**
 * Before an alias phase changes A, and after: older spellings that A has overtaken go. Left there, they would be
 * adopted in `dual-read` once A had been deleted: a value that came back. While A does not exist they stay, for
 * they are then the only copy.
 */
export function supersede(block: Block, pair: Pair): void {
  if (pair.rule.primary !== 'alias' || pair.rule.secondary === 'leave') return
  const first = pair.aliases[0]
  if (first === undefined) return
  for (const older of pair.aliases.slice(1)) {
    if (older.db === first.db) block.add('supersede', first.db, ['EVAL', supersedeScript, '2', first.name, older.name])
  }
}

/** Only behind a command that removes nothing. REPLACE frees a big value at once and holds the server: for strings. */
function copyOver(block: Block, role: 'mirror' | 'drop', primary: Place, secondary: Place): void {
  block.copy(role, primary, secondary, 'REPLACE')
}

/** Not COPY REPLACE: when the command removed P, that would leave M in place. */
function copyAnew(block: Block, role: 'mirror' | 'drop', primary: Place, secondary: Place): void {
  unlink(block, role, primary, secondary)
  block.copy(role, primary, secondary)
}

function guard(block: Block, role: 'mirror' | 'drop', primary: Place, other: Place): void {
  if (other.db === primary.db) block.add(role, primary.db, ['EVAL', guardScript, '2', primary.name, other.name, role])
  else if (role === 'mirror') copyAnew(block, role, primary, other)
  else unlink(block, role, primary, other)
}

function unlink(block: Block, role: 'mirror' | 'drop', _primary: Place, place: Place): void {
  block.add(role, place.db, ['UNLINK', place.name])
}

/**
 * The same command on the second names. Only keys whose phase mirrors are in it, so it is built anew rather than
 * rewritten: `MSET` of a mirrored and an unmanaged key mirrors the first alone.
 */
function overwrite(block: Block, argv: readonly Arg[], pairs: readonly Pair[]): void {
  const mirrored = pairs.filter(isMirrored).filter(({ secondary, primary }) => secondary.db === primary.db)
  const [first] = mirrored
  if (first === undefined) return
  const names = mirrored.map((pair) => pair.secondary.name)
  const add = (line: readonly Arg[]): number => block.add('mirror', first.primary.db, line)
  if (first.use === 'delete') add(['UNLINK', ...names])
  else if (argv[0]?.toString().toLowerCase() === 'mset') {
    add(['MSET', ...mirrored.flatMap((pair, i) => [names[i] as Arg, argv[pair.index + 1] as Arg])])
  } else add([argv[0] as Arg, ...names, ...argv.slice(2)])
}
