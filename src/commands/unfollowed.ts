/**
 * What the table knows of and cannot follow: names outside of key positions, and values that cannot be copied.
 *
 * docs/commands.md says for each what to do; a test holds the two together.
 *
 * @module
 */

const SCRIPT = 'names that the script builds or replies with; only its KEYS are renamed'
const LABELS = 'series are selected by label, under both of their names, and named in the reply'
const DOCUMENTS = 'documents are found under the names that the index covers, and named in the reply'

/** The keys or patterns that each command names and that are left as they are. */
export const unfollowed: Readonly<Record<string, string>> = {
  // The operator's: these go out as they are written.
  'acl dryrun': 'the command in its arguments',
  'acl getuser': 'the key patterns in the reply',
  'acl list': 'the key patterns in the reply',
  'acl log': 'the names in the reply',
  'acl setuser': 'key patterns: a user needs both names',
  'client tracking': 'PREFIX: both names have to be given',
  'client trackinginfo': 'the prefixes in the reply',
  'cluster getkeysinslot': 'the names in the reply',
  // Not rewritten on purpose: a managed key on a cluster has both of its names in one slot, so the answer is the same,
  // and a read key would cost an adoption.
  'cluster keyslot': 'its key: both names of a managed key have the same slot',
  clusterscan: 'MATCH, and the names in the reply',
  // The names in the reply are those in the arguments, so the caller's own come back.
  'command getkeys': 'the command in its arguments',
  'command getkeysandflags': 'the command in its arguments',
  'commandlog get': 'the commands in the reply',
  debug: 'the prefix of DEBUG POPULATE',
  'hotkeys get': 'the names in the reply',
  monitor: 'the commands in the reply',
  'slowlog get': 'the commands in the reply',

  // Patterns, and source text.
  sort: 'the patterns of BY and GET',
  sort_ro: 'the patterns of BY and GET',
  eval: SCRIPT,
  eval_ro: SCRIPT,
  evalsha: SCRIPT,
  evalsha_ro: SCRIPT,
  fcall: SCRIPT,
  fcall_ro: SCRIPT,
  'function load': 'names in the source',
  'script load': 'names in the source',

  // The module search.
  'ft.aggregate': DOCUMENTS,
  'ft.create': 'PREFIX, and FILTER on @__key: an index covers the names that it is told',
  'ft.cursor read': DOCUMENTS,
  'ft.drop': 'deletes every key that it indexes, under the names that it has',
  'ft.dropindex': 'with DD, deletes every key that it indexes, under the names that it has',
  'ft.hybrid': DOCUMENTS,
  'ft.info': 'the prefixes in the reply',
  'ft.profile': DOCUMENTS,
  'ft.search': `${DOCUMENTS}; only INKEYS is followed`,

  // The module timeseries. COPY takes the samples and the labels of a series, and leaves its rules behind.
  'ts.createrule': 'the rule: COPY does not carry it to the other name',
  'ts.deleterule': 'the rule: COPY does not carry it to the other name',
  'ts.info': 'the names of source and rules in the reply',
  'ts.mget': LABELS,
  'ts.mrange': LABELS,
  'ts.mrevrange': LABELS,
  'ts.queryindex': LABELS,
}

/**
 * Vector sets (measured on Redis 8.0), the filters and sketches of RedisBloom, and suggestion dictionaries (both read
 * in their source: no copy callback). Valkey's Bloom filters can be copied, but have the same command names.
 */
const UNCOPYABLE =
  /^(?:v(?:add|card|dim|emb|getattr|info|ismember|links|randmember|range|rem|setattr|sim)|(?:bf|cf|cms|topk|tdigest)\..+|ft\.sug.+)$/

/** Does COPY refuse the values that this command is for? */
export const isUncopyable = (name: string): boolean => UNCOPYABLE.test(name)
