/**
 * The commands of the twin test, as shapes: one a line, grouped by what they work on; `grammar.ts` says how to read them.
 *
 * Left out, and why: MIGRATE (another server), MOVE and COPY … DB (another database, where nothing is mirrored by
 * design), SELECT and SWAPDB (databases are how the twins are told apart), WAIT, OBJECT HELP and the like (no keys),
 * scripts that return a key's name or build one (given as they are, by design), vector sets (their COPY is refused by
 * the server, and the library refuses them).
 *
 * OBJECT and MEMORY are compared for nil alone: each copy has counters of its own, and an encoding too, since SORT, a
 * read, turns the sorted set that it reads into a skip list.
 *
 * @module
 */
import { shapes, type Shape } from './grammar.js'

const generic = shapes(
  'generic',
  `
  DEL <k>
  DEL <k> <k>
  UNLINK <k>
  UNLINK <k> <k>
  EXISTS <k>
  EXISTS <k> <k> <k>
  TYPE <k>
  TOUCH <k> <k>
  RENAME <k> <k>
  RENAMENX <k> <k>
  COPY <k> <k> [REPLACE]
  PERSIST <k>
  EXPIRE <k> <ttl> [NX|XX]
  EXPIRE <k> (0|-1)
  EXPIREAT <k> <soons> [NX|XX|GT|LT]
  PEXPIRE <k> <pttl> [NX|XX]
  PEXPIREAT <k> <soon> [NX|XX|GT|LT]
  PEXPIREAT <k> 1
  TTL <k> ~near:120
  PTTL <k> ~near:120000
  EXPIRETIME <k> ~near:120
  PEXPIRETIME <k> ~near:120000
  OBJECT ENCODING <k> ~presence
  OBJECT REFCOUNT <k> ~presence
  OBJECT IDLETIME <k> ~presence
  OBJECT FREQ <k> ~presence
  MEMORY USAGE <k> [SAMPLES 1] ~presence
  DUMP <k> ~presence
  RESTORE <k> 0 <payload> [REPLACE]
  RESTORE <k> <soon> <payload> REPLACE ABSTTL
  RESTORE <k> <pttl> <payload> REPLACE
  RESTORE <k> 0 bad
  RESTORE-ASKING <k> 0 <payload> [REPLACE]
  SORT <k> [ALPHA] [DESC]
  SORT <k> BY nosort ~sorted
  SORT <k> ALPHA [LIMIT 0 2] STORE <k>
  SORT <k> BY plain:w_* ALPHA ~sorted
  SORT <k> GET # GET plain:o_* ALPHA [STORE <k>]
  SORT_RO <k> ALPHA [DESC]
  EVAL #set 1 <k> <v>
  EVAL #del-second 2 <k> <k>
  EVAL #half 1 <k> <v>
  EVAL #copy 2 <k> <k>
  EVAL #set 9 <k> <v> ~exact
  EVAL #set x <k> <v> ~exact
  EVAL_RO #exists 2 <k> <k> ~exact
  EVAL_RO #set 1 <k> <v> ~exact
  EVALSHA #sha-set 1 <k> <v> ~exact
  EVALSHA #sha-none 1 <k> <v> ~exact
  EVALSHA_RO #sha-exists 2 <k> <k> ~exact
  FCALL twin_set 1 <k> <v> ~exact
  FCALL twin_none 1 <k> ~exact
  FCALL_RO twin_exists 2 <k> <k> ~exact
  COMMAND GETKEYS SET <k> <v>
  FLUSHDB
  ECHO <v>
  PING <v>
  HGETDEL <k> FIELDS 1 <f>
  NOSUCH <k>
  `,
)

const string = shapes(
  'string',
  `
  SET <k> <v>
  SET <k> <v> (NX|XX) [GET]
  SET <k> <v> [KEEPTTL] GET
  SET <k> <v> (KEEPTTL|PXAT <soon>|EXAT <soons>|EX <ttl>|PX <pttl>)
  SET <k> <v> (PXAT x|EX 0|NX XX|PX)
  SETEX <k> <ttl> <v>
  PSETEX <k> <pttl> <v>
  SETNX <k> <v>
  GET <k>
  GETSET <k> <v>
  GETDEL <k>
  GETEX <k> [PERSIST|PXAT <soon>|EXAT <soons>|EX <ttl>|PX <pttl>|PXAT 1]
  APPEND <k> <v>
  STRLEN <k>
  INCR <k>
  DECR <k>
  INCRBY <k> <n>
  DECRBY <k> <n>
  INCRBYFLOAT <k> (0.5|1|-2.25)
  SETRANGE <k> (0|2) <v>
  GETRANGE <k> 0 <n>
  SUBSTR <k> <n> -1
  MGET <k> <k> <k>
  MSET <k> <v> [<k> <v>]
  MSETNX <k> <v> <k> <v>
  LCS <k> <k> [LEN|IDX]
  `,
)

const bits = shapes(
  'bits',
  `
  SET <k> <v>
  SETBIT <k> (0|3|17) (0|1)
  GETBIT <k> 3
  BITCOUNT <k> [0 1|0 5 BIT]
  BITPOS <k> (0|1) [0]
  BITOP (AND|OR|XOR) <k> <k> <k>
  BITOP NOT <k> <k>
  BITFIELD <k> [SET u4 0 7] [INCRBY i5 3 1] [GET u8 0]
  BITFIELD_RO <k> GET u8 0
  `,
)

const hash = shapes(
  'hash',
  `
  HSET <k> <f> <v>
  HSET <k> <f> <v> <f> <v>
  HMSET <k> <f> <v>
  HSETNX <k> <f> <v>
  HGET <k> <f>
  HMGET <k> <f> <f>
  HGETALL <k> ~pairs
  HKEYS <k> ~sorted
  HVALS <k> ~sorted
  HDEL <k> <f>
  HDEL <k> <f> <f> <f>
  HEXISTS <k> <f>
  HLEN <k>
  HINCRBY <k> <f> <n>
  HINCRBYFLOAT <k> <f> 1.5
  HSTRLEN <k> <f>
  HSCAN <k> 0 [MATCH f*] COUNT 1000 ~scanpairs
  HEXPIRE <k> <ttl> [NX|XX] FIELDS 2 <f> <f> ~only:redis-8.0
  HPEXPIRE <k> <pttl> FIELDS 1 <f> ~only:redis-8.0
  HEXPIREAT <k> <soons> [GT|LT] FIELDS 1 <f> ~only:redis-8.0
  HPEXPIREAT <k> <soon> FIELDS 2 <f> <f> ~only:redis-8.0
  HPEXPIREAT <k> 1 FIELDS 1 <f> ~only:redis-8.0
  HPERSIST <k> FIELDS 1 <f> ~only:redis-8.0
  HTTL <k> FIELDS 2 <f> <f> ~near:120 ~only:redis-8.0
  HPTTL <k> FIELDS 2 <f> <f> ~near:120000 ~only:redis-8.0
  HEXPIRETIME <k> FIELDS 2 <f> <f> ~near:120 ~only:redis-8.0
  HPEXPIRETIME <k> FIELDS 2 <f> <f> ~near:120000 ~only:redis-8.0
  HGETDEL <k> FIELDS 2 <f> <f> ~only:redis-8.0
  HGETEX <k> [PERSIST|PXAT <soon>|EX <ttl>] FIELDS 1 <f> ~only:redis-8.0
  HSETEX <k> [FNX|FXX] [KEEPTTL|PXAT <soon>|EX <ttl>] FIELDS 1 <f> <v> ~only:redis-8.0
  `,
)

const list = shapes(
  'list',
  `
  LPUSH <k> <v>
  RPUSH <k> <v> <v>
  LPUSHX <k> <v>
  RPUSHX <k> <v>
  LPOP <k> [2]
  RPOP <k> [2]
  LLEN <k>
  LRANGE <k> 0 -1
  LINDEX <k> <n>
  LSET <k> <n> <v>
  LREM <k> <n> <v>
  LTRIM <k> 1 -1
  LINSERT <k> (BEFORE|AFTER) <v> <v>
  LPOS <k> <v> [COUNT 0]
  LMOVE <k> <k> <side> <side>
  RPOPLPUSH <k> <k>
  LMPOP 2 <k> <k> <side> [COUNT 2]
  `,
)

const set = shapes(
  'set',
  `
  SADD <k> <v> <v>
  SADD <k> <n> <n>
  SREM <k> <v>
  SCARD <k>
  SISMEMBER <k> <v>
  SMISMEMBER <k> <v> <v>
  SMEMBERS <k> ~sorted
  SMOVE <k> <k> <v>
  SUNION <k> <k> ~sorted
  SINTER <k> <k> ~sorted
  SDIFF <k> <k> ~sorted
  SUNIONSTORE <k> <k> <k>
  SINTERSTORE <k> <k> <k>
  SDIFFSTORE <k> <k> <k>
  SINTERCARD 2 <k> <k> [LIMIT 1]
  SSCAN <k> 0 [MATCH a*] COUNT 1000 ~scan
  `,
)

const zset = shapes(
  'zset',
  `
  ZADD <k> <score> <v>
  ZADD <k> <score> <v> <score> <v>
  ZADD <k> (NX|XX|GT|LT) [CH] <score> <v>
  ZADD <k> [XX] INCR 1 <v>
  ZINCRBY <k> 2 <v>
  ZREM <k> <v> <v>
  ZSCORE <k> <v>
  ZMSCORE <k> <v> <v>
  ZCARD <k>
  ZCOUNT <k> -inf (2
  ZRANK <k> <v>
  ZREVRANK <k> <v>
  ZRANGE <k> 0 -1 [REV] [WITHSCORES]
  ZREVRANGE <k> 0 <n> [WITHSCORES]
  ZRANGEBYSCORE <k> 1 2 [WITHSCORES] [LIMIT 0 1]
  ZREVRANGEBYSCORE <k> +inf -inf
  ZRANGESTORE <k> <k> 0 -1
  ZREMRANGEBYRANK <k> 0 0
  ZREMRANGEBYSCORE <k> 1 1
  ZPOPMIN <k> [2]
  ZPOPMAX <k> [2]
  ZMPOP 2 <k> <k> (MIN|MAX) [COUNT 2]
  ZUNION 2 <k> <k> [WITHSCORES]
  ZINTER 2 <k> <k> [AGGREGATE MAX]
  ZDIFF 2 <k> <k>
  ZUNIONSTORE <k> 2 <k> <k> [WEIGHTS 2 1]
  ZINTERSTORE <k> 2 <k> <k>
  ZDIFFSTORE <k> 2 <k> <k>
  ZINTERCARD 2 <k> <k>
  ZSCAN <k> 0 COUNT 1000 ~scanpairs
  `,
)

/** Of members with different scores a range by name is undefined: it depends on how the server stores them. */
const lex = shapes(
  'lex',
  `
  ZADD <k> 0 <v> 0 <v> ~exact
  ZADD <k> 0 <v> ~exact
  ZREM <k> <v>
  ZRANGE <k> 0 -1
  ZLEXCOUNT <k> <lex> <lex>
  ZRANGE <k> <lex> <lex> BYLEX [LIMIT 0 2]
  ZRANGEBYLEX <k> <lex> <lex>
  ZREVRANGEBYLEX <k> <lex> <lex>
  ZREMRANGEBYLEX <k> <lex> <lex>
  `,
)

const geo = shapes(
  'geo',
  `
  GEOADD <k> [NX|XX] 13.4 38.1 <v>
  GEOADD <k> 15.1 37.5 <v> 13.4 38.1 <v>
  GEOPOS <k> <v>
  GEODIST <k> <v> <v> [km]
  GEOHASH <k> <v> <v>
  GEOSEARCH <k> FROMLONLAT 15 37 BYRADIUS 200 km ASC [WITHDIST]
  GEOSEARCH <k> FROMMEMBER <v> BYBOX 400 400 km ASC
  GEOSEARCHSTORE <k> <k> FROMLONLAT 15 37 BYRADIUS 200 km [STOREDIST]
  GEORADIUS <k> 15 37 200 km ASC [STORE <k>|STOREDIST <k>|COUNT 1]
  GEORADIUS_RO <k> 15 37 200 km ASC
  GEORADIUSBYMEMBER <k> <v> 200 km ASC [STORE <k>]
  GEORADIUSBYMEMBER_RO <k> <v> 200 km ASC
  `,
)

const hyperloglog = shapes(
  'hyperloglog',
  `
  PFADD <k> <v> <v>
  PFADD <k>
  PFCOUNT <k>
  PFCOUNT <k> <k>
  PFMERGE <k> <k> <k>
  PFMERGE <k>
  PFDEBUG ENCODING <k>
  `,
)

const stream = shapes(
  'stream',
  `
  XADD <k> <id> <f> <v>
  XADD <k> [NOMKSTREAM] [MAXLEN 2|MAXLEN ~ 1|MINID 6] 7-* <f> <v>
  XDEL <k> <id> <id>
  XTRIM <k> (MAXLEN 1|MAXLEN ~ 1|MINID 6)
  XLEN <k>
  XRANGE <k> - + [COUNT 1]
  XREVRANGE <k> + -
  XREAD [COUNT 1] STREAMS <k> 0
  XREAD STREAMS <k> <k> 0 5-0
  XSETID <k> (9-9|0-1)
  XGROUP CREATE <k> <g> 0
  XGROUP CREATE <k> <g> $ MKSTREAM
  XGROUP CREATECONSUMER <k> <g> <c>
  XGROUP DELCONSUMER <k> <g> <c>
  XGROUP SETID <k> <g> (0|$|5-0)
  XGROUP DESTROY <k> <g>
  XREADGROUP GROUP <g> <c> [COUNT 1] [NOACK] STREAMS <k> >
  XREADGROUP GROUP <g> <c> STREAMS <k> <k> > 0
  XACK <k> <g> <id> <id>
  XCLAIM <k> <g> <c> 0 <id> [JUSTID|FORCE|TIME 1000000]
  XAUTOCLAIM <k> <g> <c> 0 0 [COUNT 1] [JUSTID]
  XPENDING <k> <g>
  XPENDING <k> <g> - + 10 ~clock
  XINFO STREAM <k> [FULL] ~clock
  XINFO GROUPS <k> ~clock
  XINFO CONSUMERS <k> <g> ~clock
  `,
)

/** Their replies are drawn by the server; `effects.ts` says what must hold, and repeats the effect on the bare twin. */
export const randomShapes: readonly Shape[] = shapes(
  'random',
  `
  SPOP <k> ~exact
  SPOP <k> (0|1|2|9) ~exact
  SRANDMEMBER <k> ~exact
  SRANDMEMBER <k> (2|-3|9) ~exact
  HRANDFIELD <k> ~exact
  HRANDFIELD <k> (2|-3|9) ~exact
  ZRANDMEMBER <k> ~exact
  ZRANDMEMBER <k> (2|-3|9) ~exact
  XADD <k> * <f> <v> ~exact
  XADD <k> NOMKSTREAM MAXLEN 2 * <f> <v> ~exact
  `,
)

/** They wait on the server where there is nothing; the runner puts something there first. */
export const blockingShapes: readonly Shape[] = shapes(
  'blocking',
  `
  BLPOP <k> <k> 1 ~exact
  BRPOP <k> 1 ~exact
  BLMOVE <k> <k> <side> <side> 1 ~exact
  BRPOPLPUSH <k> <k> 1 ~exact
  BLMPOP 1 2 <k> <k> <side> ~exact
  BZPOPMIN <k> <k> 1 ~exact
  BZPOPMAX <k> 1 ~exact
  BZMPOP 1 2 <k> <k> (MIN|MAX) ~exact
  XREAD BLOCK 100 STREAMS <k> 0 ~exact
  XREADGROUP GROUP g c BLOCK 100 STREAMS <k> > ~exact
  `,
)

/** Sent in any way, and answered alike by both twins. */
export const steadyShapes: readonly Shape[] = [
  ...generic,
  ...[string, bits, hash, list, set, zset, lex, geo, hyperloglog, stream].flat(),
]

/** What a sequence is about: most of its commands then meet keys of their own type. */
export const themes = [...new Set(steadyShapes.map(({ theme }) => theme))].filter((theme) => theme !== 'generic')

/** Commands that other parts of the runner send: whole transactions, and the keyspace. */
const elsewhere = ['multi', 'exec', 'watch', 'scan', 'keys', 'randomkey']

const containers = new Set(['object', 'memory', 'xgroup', 'xinfo', 'command'])

/** The command of a line in lower case; with its subcommand where it is a container. */
export function commandOf(argv: readonly string[]): string {
  const [first = '', second = ''] = argv.map((part) => part.toLowerCase())
  return containers.has(first) ? `${first} ${second}` : first
}

/** Every command that the twins are compared on, where these servers are. */
export function coveredCommands(servers: readonly string[]): string[] {
  const shapes = [...steadyShapes, ...randomShapes, ...blockingShapes]
  const here = shapes.filter(({ traits }) => traits.only === undefined || servers.includes(traits.only))
  const names = new Set([...here.map(({ text }) => commandOf(text.split(' '))), ...elsewhere])
  return [...names].filter((name) => name !== 'nosuch').sort()
}
