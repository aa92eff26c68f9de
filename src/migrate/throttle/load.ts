/**
 * How a server is doing, from INFO.
 *
 * @module
 */

/** A replica, as its master sees it. */
export interface ReplicaLoad {
  readonly address: string
  /** `online`, or a word for a full synchronisation under way. */
  readonly state: string
  /** Bytes of the replication stream that it has not acknowledged. */
  readonly behind: number
}

/** What the throttle looks at. Sizes in bytes. */
export interface Load {
  readonly runId: string
  readonly usedMemory: number
  /** 0: no limit. */
  readonly maxMemory: number
  readonly replicas: readonly ReplicaLoad[]
  /** The longest that waits for one client. */
  readonly clientBuffer: number
  /** All that waits for replicas. */
  readonly replicaBuffer: number
  /** How long the server took to answer, in milliseconds. */
  readonly answeredIn: number
}

/** Reads the text of INFO. Fields that a server leaves out count as 0. */
export function readInfo(text: string, answeredIn: number): Load {
  const fields = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const at = line.indexOf(':')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1))
  }
  const number = (name: string): number => Number(fields.get(name) ?? 0)
  const offset = number('master_repl_offset')
  const replicas: ReplicaLoad[] = []
  for (const [name, value] of fields) {
    if (!/^slave\d+$/.test(name)) continue
    const parts = new Map(value.split(',').map((part) => part.split('=') as [string, string]))
    replicas.push({
      address: `${parts.get('ip')}:${parts.get('port')}`,
      state: parts.get('state') ?? '',
      behind: Math.max(0, offset - Number(parts.get('offset') ?? 0)),
    })
  }
  return {
    runId: fields.get('run_id') ?? '',
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    replicas,
    clientBuffer: number('client_recent_max_output_buffer'),
    replicaBuffer: number('mem_clients_slaves'),
    answeredIn,
  }
}

/** For people: `12.3 MB`. */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, Math.abs(count))) / 3))
  const value = count / 1000 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}
