/**
 * What documentation gets wrong about the commands that no server of the test matrix has, and our own columns for them.
 *
 * None of it was run. Where documentation does not say what a missing key replies, the proof is `never`.
 *
 * @module
 */
import type { OverrideGroup } from './types.js'

/** The part of overrides.ts for table.documented.ts. */
export const documentedGroups: readonly OverrideGroup[] = [
  // -- where keys are --------------------------------------------------------------------------------------------
  // Only the first key is declared, and the last argument is the path.
  [['json.mget'], { specs: 'read 1 -2:1:0', proof: 'every' }],
  // Only the destination is declared; the sources stand behind their number.
  [['cms.merge'], { specs: 'both 1; read 2 #0:1:1' }],
  // Nothing is declared: INKEYS names keys, and each document is a key.
  [['ft.search'], { parser: 'ftsearch', proof: 'never', reply: 'documents' }],
  [['ft.mget'], { specs: 'read 2 -1:1:0' }],

  // -- how keys are used -----------------------------------------------------------------------------------------
  // Module commands that only read, declared RW by the old way of registering a command.
  [['vrange', 'bf.scandump', 'cf.scandump', 'ft.sugget', 'ft.suglen'], { uses: ['read'] }],
  [['ft.get'], { uses: ['read'], proof: 'never' }],
  // Flagged readonly although it moves entries about: what the filter answers stays the same, so each name may keep
  // its own layout.
  [['cf.compact'], { uses: ['read'], proof: 'never' }],
  // NX and XX look first, as MSETNX does.
  [['msetex'], { uses: ['both'] }],
  // Deletes only when the value is the one given.
  [['delifeq'], { uses: ['both'] }],
  // The source is declared read, yet the rule is kept in both series.
  [['ts.createrule', 'ts.deleterule'], { uses: ['both'] }],
  // With BLOCK it waits. XREAD's flag is missing in the documentation.
  [['ts.read'], { addFlags: ['blocking'] }],

  // -- what a reply proves ---------------------------------------------------------------------------------------
  [['digest', 'json.get'], { proof: 'present' }],
  // AROP may give "0" for a missing key, which as bytes looks like a value; the others reply with labels.
  [['arop', 'arinfo', 'bf.debug', 'cf.debug'], { proof: 'never' }],

  // -- where replies carry names -----------------------------------------------------------------------------------
  [['clusterscan'], { reply: 'scan' }],
  [['ts.mget', 'ts.mrange', 'ts.mrevrange'], { reply: 'streams' }],
  [['ts.queryindex'], { reply: 'list' }],
]
