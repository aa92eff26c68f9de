import { expect, it } from 'vitest'
import type { Port, Reply } from '../../../src/clients/port.js'
import type { Arg } from '../../../src/commands/index.js'
import { RedisKeyMigrator } from '../../../src/migrate.js'
import type { Job } from '../../../src/migrate/names.js'
import { oneServer } from '../../../src/clients/servers.js'
import { Calls } from '../../../src/migrate/calls.js'
import { script } from '../../../src/migrate/scripts/index.js'
import { Session } from '../../../src/migrate/session.js'
import { defineSchema, key } from '../../../src/schema/index.js'

type Line = readonly Arg[]

/** A port that answers as told, and notes what was asked, opened and closed. */
function fakePort(answer: (argv: Line) => Reply | Error) {
  const log: string[] = []
  const port: Port = {
    db: 0,
    send: async (argv) => {
      const reply = answer(argv)
      if (reply instanceof Error) throw reply
      return reply
    },
    pipeline: async (argvs) => argvs.map(answer),
    transaction: async (argvs) => argvs.map(answer),
    duplicate: async ({ db = 0 } = {}) => {
      log.push(`open ${db}`)
      return { ...port, db, close: async () => void log.push(`close ${db}`) }
    },
    close: async () => expect.fail("the user's own connection was closed"),
  }
  return { port, log }
}

const jobs = (count: number): Job[] =>
  Array.from({ length: count }, (_, id) => ({
    family: 'step',
    canonical: Buffer.from(`step:${id}`),
    aliases: [{ name: Buffer.from(`job:${id}`), db: 0 }],
    met: 0,
    queue: false,
  }))

/** The canonical names that one EVAL asks about. */
const asked = (argv: Line): string[] => {
  const names = argv.slice(3, 3 + Number(argv[2])).map(String)
  return names.filter((name) => name.startsWith('step:'))
}
const run = (answer: (argv: Line) => Reply | Error, count: number) =>
  Session.run(oneServer(fakePort(answer).port, 'here'), { patience: 0 }, (session) =>
    new Calls(session, 0).run(script(''), 'flags', jobs(count)),
  )

it('sends the rest again when a script stops early, and keeps the order', async () => {
  const calls: number[] = []
  const answers = await run((argv) => {
    calls.push(asked(argv).length)
    return asked(argv)
      .slice(0, 3)
      .map((name) => [Buffer.from(name), 1])
  }, 8)
  expect(answers).toEqual(jobs(8).map(({ canonical }) => [canonical.toString(), 1]))
  expect(calls).toEqual([8, 5, 2])
})

it('finds the key that a whole call was refused for', async () => {
  const answers = await run((argv) => {
    if (asked(argv).includes('step:2')) return new Error('NOPERM')
    return asked(argv).map(() => ['fine'])
  }, 5)
  expect(answers).toEqual([['fine'], ['fine'], new Error('NOPERM'), ['fine'], ['fine']])
})

it('tells an error of one key from an answer', async () => {
  const answers = await run(() => [[Buffer.from('error'), Buffer.from('OOM')], [Buffer.from('copied')]], 2)
  expect(answers).toEqual([new Error('OOM'), ['copied']])
})

it('sends one by one only the call that was refused', async () => {
  const calls: number[] = []
  await run((argv) => {
    calls.push(asked(argv).length)
    return asked(argv).includes('step:0') ? new Error('NOPERM') : asked(argv).map(() => ['fine'])
  }, 250)
  expect(calls).toEqual([100, 100, 50, ...Array.from({ length: 100 }, () => 1)])
})

it('closes what it opened, also when the work fails, and never the connection of the user', async () => {
  const { port, log } = fakePort(() => 'OK')
  const work = Session.run(oneServer(port, 'here'), { patience: 0 }, async (session) => {
    const [server] = await session.list()
    for (const db of [0, 2, 2]) await session.port(server!, db)
    throw new Error('cut')
  })
  await expect(work).rejects.toThrow('cut')
  expect(log).toEqual(['open 0', 'open 2', 'close 0', 'close 2'])
})

it('lets what the progress callback throws end the run, with all connections closed', async () => {
  const { port, log } = fakePort(([name]) => {
    if (name === 'SCAN') return [Buffer.from('0'), []]
    return String(name).startsWith('EVAL') ? new Error('NOPERM no scripts') : 1
  })
  const schema = defineSchema({ name: 's', keys: { step: key('step:<id>').alias('job:<id>') } })
  const onProgress = (): never => {
    throw new Error('stop')
  }
  await expect(new RedisKeyMigrator(port, schema, { onProgress }).verify()).rejects.toThrow('stop')
  expect(log).toEqual(['open 0', 'close 0'])
})
