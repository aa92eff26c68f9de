/**
 * The columns of the command table.
 *
 * @module
 */

/** One argument of a command as it goes to the server. */
export type Arg = string | Buffer

/** How a command uses one of its keys. `both` reads and changes it; `write` overwrites it unread. */
export type KeyUse = 'read' | 'write' | 'both' | 'delete'

/** A key position rule, in the terms of the server's own key specs (COMMAND DOCS / COMMAND, "key specifications"). */
export interface KeySpec {
  readonly begin: { readonly index: number } | { readonly keyword: string; readonly from: number }
  readonly find:
    | { readonly last: number; readonly step: number; readonly limit: number }
    | { readonly keynum: number; readonly first: number; readonly step: number }
  readonly use: KeyUse
}

/** Commands whose specs are wrong or missing have a parser of their own, by this name. */
export type ParserName =
  'sort' | 'migrate' | 'xread' | 'xreadgroup' | 'georadius' | 'georadiusbymember' | 'debug' | 'ftsearch'

/**
 * How a write reaches the second name.
 *
 * - `none`: not a write of keys
 * - `overwrite`: the same command on both names, whatever was there (SET, DEL)
 * - `replay`: COPY where the second name is missing, then the same command on both (HSET, INCR)
 * - `effect`: what came out on the first is applied to the second, by a recipe (EXPIRE, SPOP, XADD `*`)
 * - `state`: the command on the first, then UNLINK and COPY; always right, and as slow as the value is big
 */
export type MirrorWay = 'none' | 'overwrite' | 'replay' | 'effect' | 'state'

/** What an `effect` brings over; the scripts are in plan/recipes.ts. */
export type RecipeName = 'expiry' | 'fields' | 'stream' | 'members' | 'group'

/**
 * When a reply proves that every key of the command exists (so that no alias has to be adopted).
 * Each rule errs on the side of "not proved", which costs one more round trip and is never wrong.
 *
 * - `positive`: a non-empty, non-zero reply, of a command with one key
 * - `present`: anything but nil, of a command with one key (GET)
 * - `every`: an array without a nil, one element a key (MGET)
 * - `count`: a number equal to the number of keys (EXISTS, TOUCH)
 * - `ttl`: any number but -2
 * - `type`: anything but "none"
 * - `all`: a non-empty reply proves all the keys (SINTER)
 * - `streams`: as many streams in the reply as keys in the command
 * - `scan`: elements behind the cursor, or a cursor that is not zero (HSCAN)
 * - `scalar`: a non-empty string or a number above zero proves all the keys; a list proves nothing (LCS)
 * - `never`: the reply proves nothing (EVAL_RO)
 */
export type ProofRule =
  'positive' | 'present' | 'every' | 'count' | 'ttl' | 'type' | 'all' | 'streams' | 'scan' | 'scalar' | 'never'

/**
 * Where a reply carries key names. `first`: element 0 (BLPOP). `streams`: element 0 of every element, the keys of a
 * map, or every second element of a flat list (XREAD, PUBSUB NUMSUB). `list`: every element (KEYS, PUBSUB CHANNELS).
 * `scan`: every element of element 1. `whole`: the reply (RANDOMKEY). `documents`: the ids that FT.SEARCH found, which
 * are key names.
 */
export type ReplyPath = 'none' | 'first' | 'streams' | 'list' | 'scan' | 'whole' | 'documents'

/** Commands that name keys or channels outside of key positions, or change what later commands mean. */
export type Special =
  | 'scan'
  | 'keys'
  | 'randomkey'
  | 'publish'
  | 'subscribe'
  | 'psubscribe'
  | 'pubsub'
  | 'watch'
  | 'unwatch'
  | 'multi'
  | 'exec'
  | 'discard'
  | 'getkeys'
  | 'select'
  | 'monitor'

/** One row of the table. */
export interface CommandRow {
  /** Lower case; a subcommand stands behind its container: `xgroup create`. */
  readonly name: string
  readonly arity: number
  /** As COMMAND gives them: write, readonly, blocking, … */
  readonly flags: readonly string[]
  readonly keys: readonly KeySpec[]
  readonly parser?: ParserName
  readonly mirror: MirrorWay
  /** How an `effect` is mirrored. On a row that replays: how it is mirrored where a value may have no COPY. */
  readonly recipe?: RecipeName
  /** It never removes its key, and what it leaves is a string: COPY … REPLACE alone mirrors it. Not so with a past PXAT. */
  readonly keeps?: true
  /** It works on a value of any type, so that its name does not tell whether the value can be copied. */
  readonly anyType?: true
  readonly proof: ProofRule
  readonly reply: ReplyPath
  readonly special?: Special
  /**
   * The servers whose COMMAND had it when the table was generated: `redis-7.0`, `redis-8.0`, `valkey-8.1`. Empty for a
   * row that comes from documentation.
   */
  readonly servers: readonly string[]
  /** Where the row was read, when no server of the test matrix has the command: `redis-8.4`, `module json`. Never run. */
  readonly documented?: string
  /** The keys or key patterns it names, in its arguments or its reply, which are left as they are; in a few words. */
  readonly unfollowed?: string
  /**
   * COPY refuses its values ("not supported for this module key") on some server, so they reach no second name: the
   * library's COPY gives an error, and adopts and mirrors nothing.
   */
  readonly uncopyable?: true
}

/** What overrides set. What they leave out has a default, decided in table.ts. */
export interface Override extends Partial<
  Pick<CommandRow, 'mirror' | 'recipe' | 'keeps' | 'anyType' | 'proof' | 'reply' | 'special' | 'parser' | 'unfollowed'>
> {
  /** Replaces the use of each key spec, in order; the last one counts for the rest. */
  readonly uses?: readonly KeyUse[]
  /** Replaces the key specs, in the spelling of notation.ts. */
  readonly specs?: string
  /** Flags that the source leaves out. */
  readonly addFlags?: readonly string[]
}

/** Commands and what holds for all of them. */
export type OverrideGroup = readonly [names: readonly string[], columns: Override]

/** A key of one command line. */
export interface KeyRef {
  /** Position in argv, the command's name being 0. */
  readonly index: number
  readonly use: KeyUse
}

/** A command line, understood. */
export interface Located {
  readonly row: CommandRow
  readonly keys: readonly KeyRef[]
}
