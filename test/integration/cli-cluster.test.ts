/** The command line on a cluster: names in one slot go, names in two are found out beforehand. */
import { Cluster } from 'ioredis'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cli, project } from '../support/cli.js'
import { startCluster, type TestCluster } from '../support/cluster.js'

let cluster: TestCluster
let redis: Cluster
let folder: ReturnType<typeof project>

const config = (canonical: string, more = ''): string => `
import { defineSchema, key } from 'canonical-redis'
const schema = defineSchema({ name: 'jobs', keys: { step: key('${canonical}').alias('job:<id>'${more}) } })
export default { schema, redis: ${JSON.stringify(cluster.nodes)} }
`
const call = (line: string) => cli(line.split(' '), { cwd: folder.cwd })
const configure = (text: string): void => writeFileSync(join(folder.cwd, 'canonical-redis.config.ts'), text)

beforeAll(async () => {
  cluster = await startCluster('redis-7.0')
  redis = new Cluster([...cluster.nodes])
  for (let i = 0; i < 60; i++) await redis.set(`job:${i}`, i)
  folder = project('')
})
afterAll(async () => {
  redis.disconnect()
  folder.remove()
  await cluster.stop()
})

it('check finds pairs of names in different slots, by the real keys', async () => {
  configure(config('step:<id>'))
  const { exit, out } = await call('check')
  expect(exit, out).toBe(1)
  expect(out).toMatch(/60 keys cannot be migrated/)
  expect(out).toContain('v2:{job:<id>}')
})

it('check finds an alias in another database, which a cluster does not have', async () => {
  configure(config('v2:{job:<id>}', ', { db: 2 }'))
  const { exit, out } = await call('check')
  expect(exit, out).toBe(1)
  expect(out).toContain('a cluster has only database 0')
})

it('goes the whole way with names in one slot', async () => {
  configure(config('v2:{job:<id>}'))
  const check = await call('check')
  expect(check.exit, check.out + check.err).toBe(0)
  expect((await call('migrate --live --yes --phase dual-read')).out).toMatch(/step +60 +60/)
  expect((await call('verify')).exit).toBe(0)
  expect((await call('cleanup --live --yes --phase retire-alias')).out).toMatch(/step +60 /)
  expect(await redis.get('v2:{job:7}')).toBe('7')
  expect(await redis.exists('job:7')).toBe(0)
})

it('a draft is made of the names of all masters', async () => {
  const { host, port } = cluster.nodes[0]!
  const { exit, out, err } = await call(`init --from redis://${host}:${port} --out draft.config.ts`)
  expect([exit, err]).toEqual([0, ''])
  // The URL of one node stands for the cluster: its own keys would be a third of them.
  expect(out).toMatch(/v2:\{job:<id>\} +60 /)
})
