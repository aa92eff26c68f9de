/**
 * The twin test: the same random commands go to a bare Redis under one name, and through the library under a mix of
 * names, on every server, in every pair of phases that may run at the same time, and with every kind of client. Every
 * reply, value and expiry must be equal.
 *
 * The seeds are fixed, so that a change is blamed for what it breaks and for nothing else; `npm run test:soak` looks for what
 * is new. A failure prints the smallest sequence that shows it and the line that runs it again. FC_RUNS sets the sequences of
 * each pair; FC_SEED (with FC_PATH, and -t for the one test) repeats a run.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { availableServers, startServer, type TestServer } from '../support/servers.js'
import { coveredCommands } from '../support/twin/commands.js'
import { ioredisKinds } from '../support/twin/ioredis.js'
import { nodeKinds } from '../support/twin/node-redis.js'
import { phasePairs, runTwin } from '../support/twin/run.js'
import type { ClientKind } from '../support/twin/twin.js'

const runs = Number(process.env['FC_RUNS'] ?? 200)
const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))
const servers = availableServers()

/** Every kind of client comes up on every server; the second moves on by one from server to server. */
const casesOf = (kinds: readonly ClientKind[]) =>
  servers.flatMap((kind, s) =>
    phasePairs.map((pair, i) => {
      const clients = [kinds[i % kinds.length]!, kinds[(i + s + 1) % kinds.length]!] as const
      const title = `${kind}: ${clients[0]} in ${pair[0]} beside ${clients[1]} in ${pair[1]}`
      return [title, { kind, pair, clients, fixed: 1 + s * phasePairs.length + i }] as const
    }),
  )
const cases = casesOf(Object.keys(ioredisKinds) as ClientKind[])
/** The plans are those of ioredis: what is new here is how they are carried out. */
const nodeCases = casesOf(Object.keys(nodeKinds) as ClientKind[])

describe('the twin test', () => {
  const started = new Map<string, TestServer>()
  const sent = new Map<string, number>()
  const answered = new Set<string>()

  beforeAll(async () => {
    for (const kind of servers) started.set(kind, await startServer({ kind }))
  })
  afterAll(async () => {
    for (const server of started.values()) await server.stop()
  })

  it('covers at least 200 commands', () => {
    const least = servers.includes('redis-8.0') ? 200 : 190
    expect(coveredCommands(servers).length).toBeGreaterThanOrEqual(least)
  })

  it.each(cases)(
    '%s',
    async (_title, { kind, pair, clients, fixed }) => {
      const seed = number(process.env['FC_SEED']) ?? fixed
      const path = process.env['FC_PATH']
      const result = await runTwin({ server: started.get(kind)!, pair, clients, runs, seed, path })
      for (const [name, times] of result.byCommand) sent.set(name, (sent.get(name) ?? 0) + times)
      for (const name of result.answered) answered.add(name)
      if (result.failure !== undefined) expect.fail(result.failure)
      // A path leads straight to the one sequence that failed.
      if (path === undefined) expect(result.sequences).toBe(runs)
    },
    120_000,
  )

  it.each(nodeCases)(
    '%s',
    async (_title, { kind, pair, clients, fixed }) => {
      const seed = number(process.env['FC_SEED']) ?? fixed
      const path = process.env['FC_PATH']
      const some = Math.ceil(runs / 10)
      const result = await runTwin({ server: started.get(kind)!, pair, clients, runs: some, seed, path })
      if (result.failure !== undefined) expect.fail(result.failure)
      if (path === undefined) expect(result.sequences).toBe(some)
    },
    120_000,
  )

  // Every key is a queue here, and none is mirrored: it lies under one name, wherever it was touched last.
  it.each(cases.filter((_, i) => i % servers.length === 0 || i % servers.length === 2))(
    'queues: %s',
    async (_title, { kind, pair, clients, fixed }) => {
      const seed = number(process.env['FC_SEED']) ?? fixed
      const path = process.env['FC_PATH']
      const some = Math.ceil(runs / 4)
      const result = await runTwin({ server: started.get(kind)!, pair, clients, runs: some, seed, path, queues: true })
      if (result.failure !== undefined) expect.fail(result.failure)
      if (path === undefined) expect(result.sequences).toBe(some)
    },
    120_000,
  )

  it('sent every one of them, and had it answered', () => {
    const missing = coveredCommands(servers).filter((name) => !sent.has(name))
    expect(missing).toEqual([])
    // What the batches around them are compared for, and what only a server with an LFU policy answers.
    const unanswered = ['multi', 'exec', 'watch', 'scan', 'keys', 'randomkey', 'object freq']
    expect(coveredCommands(servers).filter((name) => !answered.has(name) && !unanswered.includes(name))).toEqual([])
  })
})
