/**
 * What the mock refuses by name, and why. Everything else that Redis 7.0 has gives the reply of Redis 7.0: a test holds
 * both halves, and docs/testing.md lists this one.
 *
 * @module
 */

/** Why some commands are not there, and what to do instead. */
export interface Refusal {
  readonly why: string
  readonly instead: string
}

interface Group extends Refusal {
  /** Commands, or words of a container command joined by `|`, in capitals. */
  readonly commands: string
}

const ON_A_SERVER = 'test it on a real server'

/** For commands that came after Redis 7.0. */
const newer: Refusal = {
  why: 'it came after Redis 7.0, which the mock is like',
  instead: ON_A_SERVER,
}

/** By what they are about. */
export const refusalGroups: readonly Group[] = [
  {
    commands: 'PFADD PFCOUNT PFMERGE PFDEBUG PFSELFTEST',
    why: 'a HyperLogLog has to be wrong in the same way as the real one',
    instead: 'count with a set where a test needs a number',
  },
  {
    commands:
      'GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEOSEARCH GEOSEARCHSTORE',
    why: 'places have to be rounded to the last bit as the real ones are',
    instead: ON_A_SERVER,
  },
  {
    commands: 'OBJECT MEMORY DEBUG',
    why: 'it tells of the memory of a real server',
    instead: 'TYPE tells the type, physicalKeys() the value',
  },
  { commands: 'FCALL FCALL_RO FUNCTION', why: 'functions are not kept', instead: 'use EVAL, or a real server' },
  {
    commands: 'SPUBLISH SSUBSCRIBE SUNSUBSCRIBE PUBSUB|SHARDCHANNELS PUBSUB|SHARDNUMSUB',
    why: 'channels of shards belong to a cluster',
    instead: 'use PUBLISH and SUBSCRIBE, or a real cluster',
  },
  { commands: 'CJSON CMSGPACK STRUCT BIT', why: 'scripts have the libraries of Lua alone', instead: ON_A_SERVER },
  {
    commands: 'MIGRATE SWAPDB',
    why: 'it moves whole databases or servers',
    instead: 'MOVE and COPY … DB are there',
  },
  {
    commands:
      'CLIENT SCRIPT|DEBUG SCRIPT|KILL MONITOR ACL AUTH HELLO RESET COMMAND CONFIG LATENCY SLOWLOG MODULE ROLE ' +
      'LASTSAVE SAVE BGSAVE BGREWRITEAOF SHUTDOWN LOLWUT',
    why: 'it is about running a server',
    instead: 'CLIENT ID, SETNAME, GETNAME and SETINFO are there, and SCRIPT LOAD, EXISTS and FLUSH',
  },
  {
    commands: 'ASKING CLUSTER FAILOVER PSYNC READONLY READWRITE REPLCONF REPLICAOF SLAVEOF SYNC',
    why: 'it is about several servers',
    instead: 'test it on a real cluster, or with a real replica',
  },
]

/** By the name, in capitals. */
export const refusals: Readonly<Record<string, Refusal>> = Object.fromEntries(
  refusalGroups.flatMap(({ commands, why, instead }) =>
    commands.split(' ').map((command) => [command.replace('|', ' '), { why, instead }]),
  ),
)

/** Why a command is refused: by its own name, or by that of its container. */
export function refusalOf(command: string): Refusal {
  return refusals[command] ?? refusals[command.split(' ')[0] as string] ?? newer
}
