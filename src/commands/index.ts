/**
 * Commands as data: which arguments are keys, how each is used, and what a reply says.
 *
 * @module
 */
export { locate } from './locate.js'
export { keepsKey, mirrorOf } from './mirror-way.js'
export { proves } from './proofs.js'
export { mapReplyNames, type RenameInReply } from './replies.js'
export { commandRows, lookup, severalKeys, soleKey } from './table.js'
export type * from './types.js'
