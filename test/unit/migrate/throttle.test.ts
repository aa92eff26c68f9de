import { expect, it } from 'vitest'
import type { Server } from '../../../src/clients/servers.js'
import { bytes, readInfo, type Load } from '../../../src/migrate/throttle/load.js'
import { Pacer, type PacerOptions } from '../../../src/migrate/throttle/pacer.js'
import { limitsOf, pressure } from '../../../src/migrate/throttle/pressure.js'

const server: Server = { address: 'here', slots: [0], connect: () => expect.fail('nothing is sent') }
const idle: Load = {
  runId: 'abc',
  usedMemory: 1_000_000,
  maxMemory: 100_000_000,
  replicas: [{ address: '10.0.0.2:6379', state: 'online', behind: 100 }],
  clientBuffer: 0,
  replicaBuffer: 0,
  answeredIn: 1,
}

/** A pacer on a clock that only its own waiting moves. */
function paced(options: Partial<PacerOptions> = {}) {
  let now = 1000
  const waits: [ms: number, reason: string][] = []
  let reason = ''
  const pacer = new Pacer({
    rate: Infinity,
    limits: limitsOf({}),
    clock: {
      now: () => now,
      sleep: (ms) => {
        now += ms
        waits.push([ms, reason])
        return Promise.resolve()
      },
    },
    loadOf: () => Promise.resolve(idle),
    onWait: (words) => void (reason = words),
    isStopped: () => false,
    ...options,
  })
  return { pacer, waits, pass: (ms: number) => (now += ms) }
}

it('lets everything through while nothing stands in the way', async () => {
  const { pacer, waits } = paced()
  for (let i = 0; i < 100; i++) await pacer.admit(server, 1000)
  expect(waits).toEqual([])
})

it('keeps to a rate, over all servers, and says so', async () => {
  const { pacer, waits, pass } = paced({ rate: 100 })
  expect(pacer.portion).toBe(10)
  await pacer.admit(server, 10)
  await pacer.admit({ ...server, address: 'there' }, 10)
  await pacer.admit(server, 5)
  pass(20)
  await pacer.admit(server, 5)
  expect(waits).toEqual([
    [100, 'the rate of 100 keys a second'],
    [100, 'the rate of 100 keys a second'],
    [30, 'the rate of 100 keys a second'],
  ])
  // What was not used is not made up for.
  pass(10_000)
  await pacer.admit(server, 10)
  await pacer.admit(server, 10)
  expect(waits.slice(3)).toEqual([[100, 'the rate of 100 keys a second']])
  expect(paced({ rate: 3 }).pacer.portion).toBe(1)
})

const busy: [name: string, load: Partial<Load>, words: RegExp][] = [
  ['slow answers', { answeredIn: 40 }, /INFO took 40 ms, 1 ms at best; the limit is 25 ms more/],
  [
    'a replica that is late',
    { replicas: [{ address: '10.0.0.2:6379', state: 'online', behind: 20_000_000 }] },
    /10\.0\.0\.2:6379, which is 20\.0 MB behind; the limit is 16\.8 MB/,
  ],
  [
    'a replica that loads',
    { replicas: [{ address: '10.0.0.2:6379', state: 'send_bulk', behind: 0 }] },
    /10\.0\.0\.2:6379 to load the data .*"send_bulk"/,
  ],
  ['memory', { usedMemory: 95_000_000 }, /95\.0 MB of 100\.0 MB are used; the limit is 90 %/],
  ['output of a client', { clientBuffer: 80_000_000 }, /a client to read 80\.0 MB/],
  ['output of replicas', { replicaBuffer: 80_000_000 }, /replicas to read 80\.0 MB/],
]
it.each(busy)('waits for %s, says why, and goes on when it is over', async (_, load, words) => {
  const loads = [idle, { ...idle, ...load }, { ...idle, ...load }, idle]
  const { pacer, waits, pass } = paced({ loadOf: () => Promise.resolve(loads.shift()) })
  await pacer.admit(server, 1)
  pass(1000)
  await pacer.admit(server, 1)
  expect(waits).toEqual([
    [100, expect.stringMatching(words)],
    [100, expect.stringMatching(words)],
  ])
  expect(loads).toEqual([])
})

it('gives up when patience is over, and says what to do', async () => {
  const full = { ...idle, usedMemory: 99_000_000 }
  const { pacer, waits } = paced({ limits: limitsOf({ patience: 1000 }), loadOf: () => Promise.resolve(full) })
  await expect(pacer.admit(server, 1)).rejects.toMatchObject({
    code: 'E_OVERLOADED',
    message: expect.stringMatching(/here .*within 1 s.*memory[^]*throttle/),
  })
  expect(waits.length).toBe(11)
})

it('does not wait any more when the run is to end', async () => {
  const full = { ...idle, usedMemory: 99_000_000 }
  const { pacer, waits } = paced({ rate: 1, loadOf: () => Promise.resolve(full), isStopped: () => true })
  await pacer.admit(server, 100)
  await pacer.admit(server, 100)
  expect(waits).toEqual([])
})

it('leaves out a limit that is false, and all with `throttle: false`', () => {
  const names = { latency: busy[0]!, replicaLag: busy[1]!, memory: busy[3]!, outputBuffer: busy[4]! }
  for (const [name, [, load, words]] of Object.entries(names)) {
    expect(pressure({ ...idle, ...load }, limitsOf(undefined), 1)).toMatch(words)
    expect(pressure({ ...idle, ...load }, limitsOf({ [name]: false }), 1)).toBeUndefined()
    expect(pressure({ ...idle, ...load }, limitsOf(false), 1)).toBeUndefined()
  }
  expect(pressure({ ...idle, maxMemory: 0, usedMemory: 1e12 }, limitsOf({}), 1)).toBeUndefined()
})

it('asks a server four times a second at most, and one that does not tell not in vain', async () => {
  let asked = 0
  const loadOf = (): Promise<Load | undefined> => Promise.resolve(asked++ < 2 ? idle : undefined)
  const { pacer, waits, pass } = paced({ loadOf })
  for (let i = 0; i < 10; i++) {
    await pacer.admit(server, 1)
    pass(100)
  }
  expect(asked).toBe(4)
  expect(waits).toEqual([])
})

it('reads INFO as servers write it', () => {
  const text = [
    '# Server',
    'run_id:75d21bb2',
    'used_memory:1048576',
    'maxmemory:0',
    'client_recent_max_output_buffer:20504',
    'mem_clients_slaves:42',
    'master_repl_offset:1000',
    'slave0:ip=127.0.0.1,port=6380,state=online,offset=900,lag=1',
    'slave1:ip=127.0.0.1,port=6381,state=wait_bgsave,offset=0,lag=0',
    'slave_read_only:1',
    '',
  ].join('\r\n')
  expect(readInfo(text, 3)).toEqual({
    runId: '75d21bb2',
    usedMemory: 1_048_576,
    maxMemory: 0,
    replicas: [
      { address: '127.0.0.1:6380', state: 'online', behind: 100 },
      { address: '127.0.0.1:6381', state: 'wait_bgsave', behind: 1000 },
    ],
    clientBuffer: 20_504,
    replicaBuffer: 42,
    answeredIn: 3,
  })
  expect(readInfo('', 0)).toMatchObject({ runId: '', usedMemory: 0, maxMemory: 0, replicas: [] })
})

it('writes sizes for people', () => {
  expect([0, 999, 1000, 12_345_678, 5e9].map(bytes)).toEqual(['0 bytes', '999 bytes', '1.0 kB', '12.3 MB', '5.0 GB'])
})
