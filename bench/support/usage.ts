/**
 * What servers have used up so far, by their own account.
 *
 * @module
 */
import type { Redis } from 'ioredis'

/** Sums over the servers. */
export interface Usage {
  /** Microseconds of CPU time. */
  readonly cpu: number
  /** Bytes over the network, to them and from them. */
  readonly received: number
  readonly sent: number
  /** Bytes of memory. */
  readonly memory: number
}

const fields = {
  cpu: ['used_cpu_user', 'used_cpu_sys'],
  received: ['total_net_input_bytes'],
  sent: ['total_net_output_bytes'],
  memory: ['used_memory'],
} as const

/** What they have used up until now. */
export async function usage(servers: readonly Redis[]): Promise<Usage> {
  const infos = await Promise.all(servers.map((server) => server.info('all')))
  const sum = (names: readonly string[]): number =>
    infos
      .flatMap((info) => names.map((name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1])))
      .reduce((total, value) => total + value, 0)
  const cpu = sum(fields.cpu) * 1e6
  return { cpu, received: sum(fields.received), sent: sum(fields.sent), memory: sum(fields.memory) }
}

/** What some work used up, for one of its `operations`. */
export async function used(
  servers: readonly Redis[],
  operations: number,
  work: () => Promise<unknown>,
): Promise<Usage> {
  const before = await usage(servers)
  await work()
  const after = await usage(servers)
  const per = (of: keyof Usage): number => (after[of] - before[of]) / operations
  return { cpu: per('cpu'), received: per('received'), sent: per('sent'), memory: per('memory') }
}
