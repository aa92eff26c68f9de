/**
 * Why a run should hold back, from how the server is doing.
 *
 * @module
 */
import type { ThrottleOptions } from '../types/index.js'
import { bytes, type Load } from './load.js'

/** All limits, with what is left out filled in; Infinity: never for that reason. */
export type Limits = Readonly<Record<'latency' | 'replicaLag' | 'memory' | 'outputBuffer' | 'patience', number>>

const MIB = 1024 * 1024

/** The limits, documented at {@link ThrottleOptions}. */
export function limitsOf(options: ThrottleOptions | false | undefined): Limits {
  const given = options === false ? undefined : options
  const limit = (value: number | false | undefined, usual: number): number =>
    options === false || value === false ? Infinity : (value ?? usual)
  return {
    latency: limit(given?.latency, 25),
    replicaLag: limit(given?.replicaLag, 16 * MIB),
    memory: limit(given?.memory, 0.9),
    outputBuffer: limit(given?.outputBuffer, 64 * MIB),
    patience: limit(given?.patience, 600_000),
  }
}

type Reason = (load: Load, limits: Limits, fastest: number) => string | undefined

const reasons: readonly Reason[] = [
  ({ answeredIn }, { latency }, fastest) =>
    answeredIn - fastest > latency
      ? `a quick answer: INFO took ${Math.round(answeredIn)} ms, ${Math.round(fastest)} ms at best; the limit is ${latency} ms more`
      : undefined,
  ({ replicas }, { replicaLag }) => {
    const syncing = replicaLag < Infinity && replicas.find(({ state }) => state !== 'online')
    if (syncing) return `the replica ${syncing.address} to load the data (it is in "${syncing.state}")`
    const late = replicas.find(({ behind }) => behind > replicaLag)
    return (
      late && `the replica ${late.address}, which is ${bytes(late.behind)} behind; the limit is ${bytes(replicaLag)}`
    )
  },
  ({ usedMemory, maxMemory }, { memory }) =>
    maxMemory > 0 && usedMemory > maxMemory * memory
      ? `memory: ${bytes(usedMemory)} of ${bytes(maxMemory)} are used; the limit is ${memory * 100} %`
      : undefined,
  ({ clientBuffer, replicaBuffer }, { outputBuffer }) => {
    const [whose, size] = clientBuffer > replicaBuffer ? ['a client', clientBuffer] : ['replicas', replicaBuffer]
    return size > outputBuffer
      ? `${whose} to read ${bytes(size)} of output; the limit is ${bytes(outputBuffer)}`
      : undefined
  },
]

/**
 * What to wait for, in words; undefined when nothing stands in the way.
 *
 * @param fastest The best answer seen, in milliseconds: what the way to the server takes anyway.
 */
export function pressure(load: Load, limits: Limits, fastest: number): string | undefined {
  for (const reason of reasons) {
    const words = reason(load, limits, fastest)
    if (words !== undefined) return words
  }
  return undefined
}
