/** The contract of canonical-redis/testing, on every client that can be wrapped. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contractFor, contractParts } from '../../src/testing.js'
import { startCluster } from '../support/cluster.js'
import { startServer } from '../support/servers.js'
import { subjects, titleOf, type Target } from './drivers.js'

describe.each(subjects.map((subject) => [titleOf(subject), subject] as const))('%s', (_, subject) => {
  const { isCluster, skips } = subject
  let target: Target
  let stop: () => Promise<void>

  beforeAll(async () => {
    const cluster = isCluster ? await startCluster('redis-7.0') : undefined
    const server = cluster ? undefined : await startServer()
    target = { nodes: cluster?.nodes ?? [{ host: '127.0.0.1', port: server?.port ?? 0 }], isCluster }
    stop = async () => await (cluster ?? server)?.stop()
  })
  const contract = contractFor({ skips, open: (wrapping) => subject.open(target, wrapping) })
  afterAll(async () => {
    await contract.close()
    await stop()
  })

  it.each(contract.cases.filter(({ skip }) => skip === undefined).map((one) => [one.name, one] as const))(
    '%s',
    (_name, { run }) => run(),
  )
})

describe('the contract', () => {
  const nobody = { open: () => Promise.reject(new Error('nobody opens this')) }

  it('refuses to skip what there is not', () => {
    const misspelt = (): unknown => contractFor({ ...nobody, skips: { channel: 'no pub/sub' } })
    expect(misspelt).toThrow(expect.objectContaining({ code: 'E_BAD_OPTION' }))
  })

  it('takes lines of the user in every phase and manner', () => {
    const lines = { json: ['JSON.GET $a'] }
    const more = contractParts({ lines }).filter((part) => !contractParts().includes(part))
    expect(more).toEqual(['one by one', 'at once', 'in a pipeline', 'in a transaction'].map((how) => `json, ${how}`))
    expect(contractFor(nobody, { lines }).cases.filter(({ part }) => part.startsWith('json'))).toHaveLength(28)
  })
})
