/**
 * What lies in a server before a command line is sent to it: each world is a few command lines, sent to the mock and to
 * a real server alike. The names are those of test/integration/command-examples.ts.
 *
 * @module
 */

/** Far away, so that a time to live is the same whenever it is asked for. */
const LATER = '99999999999999'

const world = (lines: string): readonly string[] => lines.trim().split(/\s*\n\s*/)

/** Command lines by the name of the world. */
export const worlds: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  strings: world(`
    SET a foobar PXAT ${LATER}
    SET b fobars
    SET m v
    SET k hello
    SET k2 hallo`),
  numbers: world(`
    SET a 10
    SET b 3.5
    SET k 7`),
  lists: world(`
    RPUSH a 3 x 1 v x
    RPUSH b p
    PEXPIREAT b ${LATER}
    RPUSH 2 x y
    RPUSH k 3 2
    SET w_3 1
    SET w_1 2
    HSET o_3 f three`),
  hashes: world(`
    HSET a f 1 g w
    HSET b f x
    HSET k f 1.5
    PEXPIREAT a ${LATER}`),
  sets: world(`
    SADD a x y 1 m
    SADD b x 2
    SADD c 3
    SADD k x
    MSET w_x 3 w_y 1 w_1 2 w_m 4
    HSET o_x f ex
    PEXPIREAT a ${LATER}`),
  'sorted sets': world(`
    ZADD a 0 m 1 x 1.5 e 3 1
    ZADD b 2 m -inf x 7 y
    ZADD c 1 x
    ZADD 2 1 x
    ZADD k 6 x 1 y
    MSET w_m 3 w_x 1 w_e 2 w_1 4
    ZADD k2 1 x
    PEXPIREAT a ${LATER}`),
  streams: world(`
    XADD a 1-1 f v
    XADD a 1-2 f w g x
    XADD a 3-0 f y
    XADD b 1-1 f v
    XADD streams 1-1 f v
    XGROUP CREATE a g 0
    XGROUP CREATE b g $
    XGROUP CREATE a streams 1-1
    XREADGROUP GROUP g c COUNT 2 STREAMS a >
    PEXPIREAT a ${LATER}`),
  'a string, and a list': world(`
    SET a v
    RPUSH b v`),
  'a list, and a set': world(`
    RPUSH a v
    SADD b v`),
  'nothing, and a hash': world(`
    HSET b f v
    HSET d f v`),
}
