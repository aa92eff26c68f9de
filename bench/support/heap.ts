/**
 * How much of the heap is in use.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Removes what nothing holds any more. */
export const sweep = runInNewContext('gc') as () => void

/** Bytes in use. */
export const heapUsed = (): number => process.memoryUsage().heapUsed
