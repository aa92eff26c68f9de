/**
 * Bugs on purpose: each mistake is planted into the library as it runs, and the judges must notice. Which of them does is
 * printed at the end.
 *
 * The model looks at every interleaving of two clients and one key (test/unit/model.test.ts does so without the table); the
 * twin test compares with a bare Redis. Mistakes in single recipes are in recipes.test.ts, those in names and plans of the
 * migrator beside it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Wrapping } from '../../src/clients/shared/wrapping.js'
import { mistakes, type Mistake, type Sabotage } from '../support/mistakes/plans.js'
import { startServer, type TestServer } from '../support/servers.js'
import { runTwin } from '../support/twin/run.js'

/** Plants a mistake into every client of the process, until it is taken out again. */
function plant(sabotage: Sabotage): () => void {
  const { plan } = Wrapping.prototype
  Wrapping.prototype.plan = function (argv, context, located, alone) {
    const made = plan.call(this, argv, context, located, alone)
    return made && sabotage(made, argv)
  }
  return () => {
    Wrapping.prototype.plan = plan
  }
}

describe('a planted mistake', () => {
  let server: TestServer
  const caught = new Map<string, string>()

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => {
    await server.stop()
    const width = Math.max(...mistakes.map(({ name }) => name.length))
    const lines = mistakes.map(({ name }) => `  ${name.padEnd(width)}  ${caught.get(name) ?? 'NOT FOUND'}`)
    console.log(['planted mistakes, and what finds them', ...lines].join('\n'))
  })

  const twin = ({ pair }: Mistake, runs: number): Promise<string | undefined> =>
    runTwin({ server, pair, clients: ['ioredis 5', 'ioredis 6'], runs, shrink: false }).then(({ failure }) => failure)

  it.each(mistakes.map((one) => [one.name, one] as const))(
    '%s: is found',
    async (name, mistake) => {
      const byModel = mistake.beyondModel === undefined
      const remove = plant(mistake.sabotage)
      let byTwin: string | undefined
      try {
        byTwin = await twin(mistake, 600)
      } finally {
        remove()
      }
      const judges = [...(byModel ? ['model'] : []), ...(byTwin === undefined ? [] : ['twin'])]
      if (judges.length > 0) caught.set(name, judges.join(', '))
      expect(judges).not.toEqual([])
      if (mistake.concurrent !== true) expect(byTwin, 'the twin test').toBeDefined()
    },
    120_000,
  )

  it('taken out again leaves nothing behind', async () => {
    expect(await twin(mistakes[0]!, 50)).toBeUndefined()
  })
})
