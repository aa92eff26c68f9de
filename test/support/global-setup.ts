/**
 * Says once, before any test, which servers the tests will use.
 *
 * @module
 */
import { availableServers, serverKinds, serverVersion } from './servers.js'

export default function setup(): void {
  const found = availableServers()
  const line = serverKinds.map((kind) => (found.includes(kind) ? `${kind} (${serverVersion(kind)})` : `no ${kind}`))
  console.log(`servers: ${line.join(', ')}`)
}
