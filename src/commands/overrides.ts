/**
 * Our own columns of the command table, and what the servers' key specs get wrong.
 *
 * Each group says what holds for all its commands. A command may stand in several groups.
 *
 * @module
 */
import { documentedGroups } from './overrides.documented.js'
import { mirrorGroups } from './overrides.mirror.js'
import type { Override, OverrideGroup } from './types.js'
import { unfollowed } from './unfollowed.js'

const groups: readonly OverrideGroup[] = [
  // -- where keys are --------------------------------------------------------------------------------------------
  // SORT's STORE may stand anywhere, and its last one wins. Without STORE it is a read of one key.
  [['sort'], { parser: 'sort', proof: 'positive' }],
  [['sort_ro'], { parser: 'sort' }],
  // MIGRATE's KEYS may be a password (AUTH keys); the spec searches from the end and takes it for the keyword.
  [['migrate'], { parser: 'migrate' }],
  // The names after GROUP may be "streams", and options may stand before it.
  [['xread'], { parser: 'xread', proof: 'streams' }],
  // And reading with a group writes: the group's position and its pending entries live in the key.
  [['xreadgroup'], { parser: 'xreadgroup', uses: ['both'] }],
  // STORE a STORE b writes b alone, whatever COMMAND GETKEYS says. Without STORE it is a read of one key.
  [['georadius'], { parser: 'georadius', proof: 'positive' }],
  [['georadiusbymember'], { parser: 'georadiusbymember', proof: 'positive' }],
  // DEBUG has no key specs at all. DIGEST-VALUE of a missing key is forty zeros, so no reply is a proof.
  [['debug'], { parser: 'debug', proof: 'never' }],

  // -- how keys are used -----------------------------------------------------------------------------------------
  // The specs call these destinations overwritten, yet the command looks first whether they exist: taken for blind
  // writes, SETNX would succeed on a key whose alias exists.
  [['setnx', 'msetnx', 'restore', 'restore-asking'], { uses: ['both'] }],
  [['renamenx'], { uses: ['both', 'both'] }],
  [['copy'], { uses: ['read', 'both'] }],
  // Flagged readonly, and mirrored as a read although it writes: what it writes into the value is its own cache,
  // which any later PFCOUNT computes again.
  [['pfcount'], { uses: ['read'] }],
  // The module of vector sets declares every key RW, even for commands that it flags readonly.
  [['vcard', 'vdim', 'vemb', 'vgetattr', 'vinfo', 'vismember', 'vlinks', 'vrandmember', 'vsim'], { uses: ['read'] }],

  // -- what a reply proves ---------------------------------------------------------------------------------------
  // GET gives nil for a missing key only, so a counter at "0" and an empty string are proofs as well.
  [['get', 'dump', 'memory usage'], { proof: 'present' }],
  [['object encoding', 'object freq', 'object idletime', 'object refcount'], { proof: 'present' }],
  [['mget'], { proof: 'every' }],
  [['exists', 'touch'], { proof: 'count' }],
  [['ttl', 'pttl', 'expiretime', 'pexpiretime'], { proof: 'ttl' }],
  [['type'], { proof: 'type' }],
  [['sinter', 'sintercard', 'zinter', 'zintercard'], { proof: 'all' }],
  // LCS … IDX replies with labels ("matches", "len") even when both keys are missing.
  [['lcs'], { proof: 'scalar' }],
  [['hscan', 'sscan', 'zscan'], { proof: 'scan' }],
  // A script may reply with anything, whether or not its keys exist.
  [['eval_ro', 'evalsha_ro', 'fcall_ro'], { proof: 'never' }],

  // -- where replies carry names -----------------------------------------------------------------------------------
  [['xread', 'xreadgroup'], { reply: 'streams' }],
  [['blpop', 'brpop', 'bzpopmin', 'bzpopmax'], { reply: 'first' }],
  [['lmpop', 'blmpop', 'zmpop', 'bzmpop'], { reply: 'first' }],
  [['cluster getkeysinslot'], { reply: 'list' }],

  // -- names outside of key positions, and commands that change what later ones mean -------------------------------
  [['scan'], { special: 'scan', reply: 'scan' }],
  [['keys'], { special: 'keys', reply: 'list' }],
  [['randomkey'], { special: 'randomkey', reply: 'whole' }],
  [['publish', 'spublish'], { special: 'publish' }],
  [['subscribe', 'unsubscribe', 'ssubscribe', 'sunsubscribe'], { special: 'subscribe' }],
  [['psubscribe', 'punsubscribe'], { special: 'psubscribe' }],
  [['pubsub channels', 'pubsub shardchannels'], { special: 'pubsub', reply: 'list' }],
  [['pubsub numsub', 'pubsub shardnumsub'], { special: 'pubsub', reply: 'streams' }],
  [['watch'], { special: 'watch' }],
  [['unwatch'], { special: 'unwatch' }],
  [['multi'], { special: 'multi' }],
  [['exec'], { special: 'exec' }],
  // RESET ends an open transaction as well; what it does to the connection's database ioredis does not follow either.
  [['discard', 'reset'], { special: 'discard' }],
  [['command getkeys'], { special: 'getkeys', reply: 'list' }],
  [['command getkeysandflags'], { special: 'getkeys', reply: 'streams' }],
  [['select'], { special: 'select' }],
  [['monitor'], { special: 'monitor' }],
]

function collect(): Record<string, Override> {
  const found = Object.create(null) as Record<string, Override>
  for (const [names, columns] of [...groups, ...mirrorGroups, ...documentedGroups]) {
    for (const name of names) found[name] = { ...found[name], ...columns }
  }
  for (const [name, what] of Object.entries(unfollowed)) found[name] = { ...found[name], unfollowed: what }
  return found
}

/** What is set by hand for each command, by its name. */
export const overrides: Readonly<Record<string, Override>> = collect()
