/**
 * Example command lines for every command with keys, as a small grammar that is expanded into all of its forms.
 *
 * `@a` is a key called `a`, `""` an empty argument, `[x]` may be left out, `{x|y}` is one of several.
 *
 * @module
 */

/** One example: its arguments, and which of them are keys by the documentation of the command. */
export interface Example {
  readonly argv: readonly string[]
  readonly keys: readonly number[]
}

/** For commands that all take the same arguments. */
const shared: readonly (readonly [names: string, args: string])[] = [
  [
    'decr incr dump expiretime get getdel hgetall hkeys hlen hvals llen persist pexpiretime pttl scard smembers strlen ' +
      'ttl type xlen zcard vcard vdim vinfo',
    '@a',
  ],
  ['append decrby getset hexists hget hstrlen incrby incrbyfloat lindex move setnx sismember zscore getbit', '@a 1'],
  ['lpush lpushx rpush rpushx sadd srem zrem zmscore smismember hmget hdel geohash geopos pfadd', '@a x [y]'],
  ['hincrby hincrbyfloat hsetnx', '@a f 1'],
  ['hset hmset', '@a f v [g w]'],
  ['expire pexpire expireat pexpireat', '@a 10 [{NX|XX|GT|LT}]'],
  ['lpop rpop spop zpopmin zpopmax srandmember', '@a [2]'],
  ['hrandfield zrandmember', '@a [1]'],
  ['blpop brpop bzpopmin bzpopmax', '@a [@b] [@c] 1'],
  ['rpoplpush rename renamenx', '@a @b'],
  ['del unlink exists touch mget sdiff sinter sunion pfcount watch', '@a [@b] [@c]'],
  ['sdiffstore sinterstore sunionstore', '@d @a [@b]'],
  ['mset msetnx', '@a 1 [@b 2] [@c 3]'],
  ['zdiff zinter zunion', '{1 @a|2 @a @b|3 @a @b @c} [WITHSCORES]'],
  ['sintercard zintercard', '{1 @a|2 @a @b|3 @a @b @c} [LIMIT 1]'],
  ['zinterstore zunionstore', '@d {1 @a WEIGHTS 2|2 @a @b WEIGHTS 1 2|2 @2 @3} [AGGREGATE MAX]'],
  ['zmpop', '{1 @a|2 @a @b|3 @1 @2 @MIN} {MIN|MAX} [COUNT 2]'],
  ['lmpop', '{1 @a|2 @a @b|3 @1 @2 @LEFT} {LEFT|RIGHT} [COUNT 2]'],
  ['bzmpop', '1 {1 @a|2 @a @b|3 @1 @2 @MIN} {MIN|MAX} [COUNT 2]'],
  ['blmpop', '1 {1 @a|2 @a @b|3 @1 @2 @LEFT} {LEFT|RIGHT} [COUNT 2]'],
  ['hscan sscan zscan', '@a 0 [MATCH x] [COUNT 5]'],
  ['lrange ltrim getrange substr zremrangebyrank zcount zremrangebyscore', '@a 0 1'],
  ['zrangebyscore zrevrangebyscore zrevrange', '@a 0 1 [WITHSCORES]'],
  ['zlexcount zremrangebylex', '@a - +'],
  ['zrangebylex zrevrangebylex', '@a - + [LIMIT 0 1]'],
  ['xrange xrevrange', '@a - + [COUNT 1]'],
  ['zrank zrevrank', '@a m'],
  ['setex psetex', '@a 10 v'],
  ['setbit setrange lset', '@a 1 1'],
  ['zincrby', '@a 1 m'],
  ['eval eval_ro', 'return {0|0 x|1 @a|2 @a @b|2 @2 @b x}'],
  ['evalsha evalsha_ro', 'da39a3ee5e6b4b0d3255bfef95601890afd80709 {0|1 @a|2 @a @b x}'],
  ['fcall fcall_ro', 'f {0|1 @a|2 @a @b x}'],
  ['hexpire hpexpire hexpireat hpexpireat', '@a 10 [NX] FIELDS 1 f'],
  ['hexpiretime hpexpiretime hpersist hpttl httl hgetdel', '@a FIELDS 1 f'],
  ['object encoding|object freq|object idletime|object refcount|xinfo groups', '@a'],
  ['restore restore-asking', '@a 0 payload [REPLACE] [ABSTTL]'],
  ['vemb vgetattr vismember vlinks vrem', '@a e'],
  ['georadius', '@a 1 2 3 km [WITHDIST] [COUNT 5] [ASC] [{STORE|STOREDIST} @d]'],
  ['georadiusbymember', '@a m 3 km [WITHDIST] [COUNT 5] [ASC] [{STORE|STOREDIST} @d]'],
]

/** For the others, and the traps. */
const own: readonly string[] = [
  'bitcount @a [0 -1 [BIT]]',
  'bitfield @a [GET u8 0] [SET u8 0 1] [INCRBY u8 0 1]',
  'bitfield_ro @a GET u8 0',
  'bitop AND @d @a [@b] [@c]',
  'bitop NOT @d @a',
  'bitpos @a 1 [0 [-1]]',
  'blmove @a @b {LEFT|RIGHT} LEFT 1',
  'brpoplpush @a @b 1',
  'copy @a @b [DB 1] [REPLACE]',
  'geoadd @a [NX] [CH] 1 2 m [3 4 n]',
  'geodist @a m n [km]',
  'georadius_ro @a 1 2 3 km [COUNT 5]',
  'georadiusbymember_ro @a m 3 km',
  'geosearch @a {FROMMEMBER m|FROMLONLAT 1 2} BYRADIUS 1 km [ASC] [COUNT 5]',
  'geosearchstore @d @a FROMMEMBER m BYRADIUS 1 km [STOREDIST]',
  'getex @a [{EX 10|PXAT 10|PERSIST}]',
  'hgetex @a [EX 1] FIELDS 1 f',
  'hsetex @a [EX 1] FIELDS 1 f v',
  'lcs @a @b [{LEN|IDX}]',
  'linsert @a BEFORE p v',
  'lmove @a @b LEFT RIGHT',
  'lpos @a v [COUNT 0]',
  'lrem @a 0 v',
  'memory usage @a [SAMPLES 5]',
  'migrate 127.0.0.1 6379 @a 0 100 [COPY] [REPLACE] [{AUTH keys|AUTH2 u keys}]',
  'migrate 127.0.0.1 6379 "" 0 100 [COPY] [REPLACE] [{AUTH pw|AUTH keys|AUTH2 KEYS pw|AUTH2 u KEYS}] KEYS @a [@b]',
  'migrate 127.0.0.1 6379 @ 0 100 [COPY]',
  'pfdebug ENCODING @a',
  'pfmerge @d [@a] [@b]',
  'set @a v [{NX|XX}] [GET] [{EX 10|PXAT 10|KEEPTTL}]',
  'smove @a @b m',
  'sort @a [BY w_*] [LIMIT 0 5] [GET #] [GET o_*->f] [{ASC|DESC}] [ALPHA] [STORE @d]',
  'sort @a {BY|GET} STORE [STORE @d]',
  'sort @a STORE x STORE @d',
  'sort @a [BY limit] STORE @store',
  'sort_ro @a [BY w_*] [LIMIT 0 5] [GET o_*] [ALPHA]',
  'vadd @a VALUES 1 1 e',
  'vrandmember @a [2]',
  'vsetattr @a e {}',
  'vsim @a ELE e [COUNT 1]',
  'xack @a g 1-1 [1-2]',
  'xadd @a [NOMKSTREAM] [MAXLEN ~ 10] * f v [g w]',
  'xautoclaim @a g c 0 0-0 [COUNT 1]',
  'xclaim @a g c 0 1-1 [JUSTID]',
  'xdel @a 1-1 [1-2]',
  'xgroup create @a g $ [MKSTREAM]',
  'xgroup createconsumer @a g c',
  'xgroup delconsumer @a g c',
  'xgroup destroy @a g',
  'xgroup setid @a g $',
  'xinfo consumers @a g',
  'xinfo stream @a [FULL [COUNT 1]]',
  'xpending @a g [[IDLE 1] - + 1 [c]]',
  'xread [COUNT 2] [BLOCK 1] STREAMS {@a 0|@a @b 0 $|@streams @b 0 0|@BLOCK @STREAMS 0 0}',
  'xreadgroup [COUNT 1] [BLOCK 1] [NOACK] GROUP g c STREAMS {@a >|@a @b > 0}',
  'xreadgroup GROUP {g streams|streams c|STREAMS STREAMS} [COUNT 1] STREAMS @a >',
  'xreadgroup {COUNT 1|NOACK} GROUP {g streams|streams c} STREAMS {@a >|@a @b > >}',
  'xsetid @a 1-1',
  'xtrim @a {MAXLEN|MINID} [{~|=}] 10',
  'zadd @a [{NX|XX}] [CH] [INCR] 1 m [2 n]',
  'zdiffstore @d {1 @a|2 @a @b}',
  'zrange @a 0 -1 [REV] [WITHSCORES]',
  'zrangestore @d @a 0 -1 [REV]',
  'georadius @a 1 2 3 km {STORE x STORE @d|STOREDIST x STOREDIST @d|STORE x STOREDIST @d|STOREDIST x STORE @d}',
  'georadiusbymember @a m 3 km {STORE x STORE @d|STORE x STOREDIST @d}',
]

/** All the forms of one line of the grammar. */
export function expand(line: string): string[] {
  const open = /[[{](?! ?\}| ?\])/.exec(line)
  // A lone `{}` is an argument (JSON), not a choice.
  if (!open) return [line.trim().replaceAll(/ +/g, ' ')]
  const start = open.index
  const end = closing(line, start)
  const inner = line.slice(start + 1, end)
  const options = line[start] === '[' ? ['', inner] : inner.split('|')
  return options.flatMap((option) => expand(line.slice(0, start) + option + line.slice(end + 1)))
}

function closing(line: string, start: number): number {
  const [opens, closes] = line[start] === '[' ? '[]' : '{}'
  for (let i = start, depth = 0; i < line.length; i++) {
    if (line[i] === opens) depth++
    if (line[i] === closes && --depth === 0) return i
  }
  throw new Error(`Expected a closing ${closes} in: ${line}`)
}

function toExample(line: string): Example {
  const tokens = line.split(' ')
  const argv = tokens.map((token) => (token === '""' ? '' : token.replace(/^@/, '')))
  return { argv, keys: tokens.flatMap((token, i) => (token.startsWith('@') ? [i] : [])) }
}

/** Names are separated by `|` where they have two words, else by spaces. */
const splitNames = (names: string): string[] => names.split(names.includes('|') ? '|' : ' ')

/** Every example. */
export const examples: readonly Example[] = [
  ...shared.flatMap(([names, args]) => splitNames(names).map((name) => `${name} ${args}`)),
  ...own,
]
  .flatMap(expand)
  .map(toExample)
