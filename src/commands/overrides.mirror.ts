/**
 * How each write reaches the second name, and why.
 *
 * Every write of a server of the test matrix stands here or in a group of its own in overrides.ts. Rows that were only
 * read about (table.documented.ts) stay with `state`, which is right whatever a command does.
 *
 * @module
 */
import type { OverrideGroup } from './types.js'

/** The part of overrides.ts for the column `mirror`. */
export const mirrorGroups: readonly OverrideGroup[] = [
  // -- overwrite: the same result whatever was there (see isPlainOverwrite for which arguments allow it) -------------
  [['del', 'unlink', 'mset'], { mirror: 'overwrite' }],
  [['set'], { mirror: 'overwrite', keeps: true }],

  // -- replay: equal values and equal arguments give equal results (all of it held by test/integration/recipes) ------
  [['append', 'setnx', 'setrange', 'setbit', 'bitfield', 'pfadd'], { mirror: 'replay' }],
  [['incr', 'decr', 'incrby', 'decrby', 'incrbyfloat'], { mirror: 'replay' }],
  [['hset', 'hmset', 'hsetnx', 'hdel', 'hincrby', 'hincrbyfloat', 'hgetdel'], { mirror: 'replay' }],
  // Absolute times, unlike those of HEXPIRE.
  [['hexpireat', 'hpexpireat', 'hpersist'], { mirror: 'replay' }],
  [['lpush', 'rpush', 'lpushx', 'rpushx', 'lpop', 'rpop', 'lset', 'lrem', 'ltrim', 'linsert'], { mirror: 'replay' }],
  [['lmove', 'rpoplpush', 'lmpop'], { mirror: 'replay' }],
  // Only inside a transaction of the caller's, where nothing waits; elsewhere a mirrored family refuses them.
  [['blpop', 'brpop', 'blmove', 'brpoplpush', 'blmpop', 'bzpopmin', 'bzpopmax', 'bzmpop'], { mirror: 'replay' }],
  [['sadd', 'srem', 'smove'], { mirror: 'replay' }],
  [['zadd', 'zincrby', 'zrem', 'zremrangebyrank', 'zremrangebyscore', 'zremrangebylex'], { mirror: 'replay' }],
  [['zpopmin', 'zpopmax', 'zmpop', 'geoadd'], { mirror: 'replay' }],
  [['xdel', 'xsetid', 'xack'], { mirror: 'replay' }],
  [['xgroup create', 'xgroup createconsumer', 'xgroup delconsumer'], { mirror: 'replay' }],
  [['xgroup destroy', 'xgroup setid'], { mirror: 'replay' }],
  [['rename', 'renamenx'], { mirror: 'replay', anyType: true }],
  [['expireat', 'pexpireat', 'persist'], { mirror: 'replay', recipe: 'expiry', anyType: true }],

  // -- effect: what depends on the clock, on chance, or on how the server has laid out the value ----------------------
  // Two commands that count from "now" may count from different milliseconds.
  [['expire', 'pexpire'], { mirror: 'effect', recipe: 'expiry', anyType: true }],
  [['getex'], { mirror: 'effect', recipe: 'expiry' }],
  [['hexpire', 'hpexpire', 'hgetex', 'hsetex'], { mirror: 'effect', recipe: 'fields' }],
  // XADD * takes its id from the clock, and a ~ trims whole nodes, which two copies may have cut differently. With an id
  // and an exact trim both are replayed; see mirrorOf.
  [['xadd', 'xtrim'], { mirror: 'effect', recipe: 'stream' }],
  [['spop'], { mirror: 'effect', recipe: 'members' }],
  [['xreadgroup'], { mirror: 'effect', recipe: 'group' }],

  // -- state, although there is but one key --------------------------------------------------------------------------
  // What they leave is a string no bigger than their argument: copying it on the server costs less than sending it twice.
  [['setex', 'psetex', 'getset'], { mirror: 'state', keeps: true }],
  // It leaves nothing, so there is nothing to copy, and the value that it replies with crosses the network once.
  [['getdel'], { mirror: 'state' }],
  // The payload crosses the network once, and its time to live counts from "now".
  [['restore', 'restore-asking'], { mirror: 'state' }],
  // Which entries are idle for long enough is asked of the clock, which Redis 7.0 reads anew for each command.
  [['xclaim', 'xautoclaim'], { mirror: 'state' }],
  // TODENSE changes the encoding that it is meant to show, and nobody needs it to be fast.
  [['pfdebug'], { mirror: 'state' }],
  // Vector sets have no COPY: refused before anything is mirrored.
  [['vadd', 'vrem', 'vsetattr'], { mirror: 'state' }],

  // -- state: what comes out depends on keys that may be elsewhere, or on code ---------------------------------------
  // The destination is replaced, and the sources may be read under another name or not be mirrored at all.
  [['sort', 'georadius', 'georadiusbymember', 'geosearchstore', 'zrangestore', 'bitop', 'copy'], { mirror: 'state' }],
  [['sunionstore', 'sinterstore', 'sdiffstore'], { mirror: 'state' }],
  [['zunionstore', 'zinterstore', 'zdiffstore'], { mirror: 'state' }],
  // The destination is a source as well, and the others may be elsewhere.
  [['pfmerge'], { mirror: 'state' }],
  // All or nothing, over keys that may be in different phases.
  [['msetnx'], { mirror: 'state' }],
  // To another database or server, where nothing is mirrored; what stays here is copied.
  [['move', 'migrate'], { mirror: 'state' }],
  // A script may do anything, and may do something else the second time.
  [['eval', 'evalsha', 'fcall'], { mirror: 'state' }],
]
