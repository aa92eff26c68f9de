/**
 * The library speaks of calls, the command line of flags: what one says, in the words of the other.
 *
 * @module
 */

/** From a call to what one types; longer ones first, since each is replaced wherever it stands. */
const words: readonly (readonly [RegExp, string])[] = [
  [/Run migrateKeys\(\{ dryRun: false \}\)( and verify\(\))?/g, 'Run `canonical-redis migrate --live`$1'],
  [/migrateKeys\(\{ dryRun: false \}\)/g, '`canonical-redis migrate --live`'],
  [/verify\(\{ repair: true \}\)/g, '`canonical-redis verify --repair --live`'],
  [/verify\(\{ repair: '?(\S+?)'? \}\)/g, '`canonical-redis verify --repair --phase $1 --live`'],
  [/verify\(\)/g, '`canonical-redis verify`'],
  [/analyze\(\)/g, '`canonical-redis analyze`'],
  [/rollback\(\{.*\}\)/g, '`canonical-redis rollback --to <phase>`'],
  [/\{ throttle: \{ memory \} \}/g, '--memory <part>'],
  [/\{ throttle \}/g, '--no-throttle, or `migrator: { throttle }` in the config file'],
  [/\{ families \}/g, '--families'],
  [/\{ repair \}/g, '--repair'],
  [/cleanupAliases/g, '`canonical-redis cleanup`'],
  [/\{ overwrite: true \}/g, '--overwrite'],
  [/Call it again as it was called first/g, 'Type the same flags as the first time'],
]

/** The sentence, in flags. */
export const inFlags = (sentence: string): string =>
  words.reduce((text, [call, flags]) => text.replace(call, flags), sentence)
