/**
 * What a server says of itself in INFO, as far as plans and warnings depend on it.
 *
 * @module
 */

/** Read from INFO. */
export interface ServerFacts {
  /** Undefined where the server would not say. */
  readonly version: string | undefined
  /** Older than 6.2: it has no COPY. */
  readonly isOld: boolean
  /** Its modules may hold values that COPY refuses. */
  readonly hasModules: boolean
  /** A replica takes no COPY, so nothing is adopted there. */
  readonly isReplica: boolean
  /** Its memory is limited, and it removes keys to stay within: by which policy, and how many it has removed so far. */
  readonly eviction: { readonly policy: string; readonly evicted: number } | undefined
}

const oldest = [6, 2] as const

/** Reads INFO's text; an empty one (an ACL forbids INFO) is taken for a server that is new enough. */
export function readInfo(info: string): ServerFacts {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
  const version = field('redis_version')
  const policy = field('maxmemory_policy')
  const evicts = Number(field('maxmemory') ?? 0) > 0 && policy !== undefined && policy !== 'noeviction'
  return {
    version,
    isOld: isOlder(version),
    hasModules: /^module:name=/m.test(info),
    isReplica: field('role') === 'slave',
    eviction: evicts ? { policy, evicted: Number(field('evicted_keys') ?? 0) } : undefined,
  }
}

function isOlder(version: string | undefined): boolean {
  if (version === undefined) return false
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1])
}

/** Why an operator should know of eviction: one name of a pair may go, and the other stay. */
export function evictionWarning({ policy, evicted }: NonNullable<ServerFacts['eviction']>): string {
  return (
    `the server removes keys when its memory is full (maxmemory-policy ${policy}, ${evicted} removed so far): of a key with ` +
    'two names one may be removed and the other left, so that a value comes back or is missed; set noeviction, or give the ' +
    'server room, until the old names are gone'
  )
}
