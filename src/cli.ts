#!/usr/bin/env node
/**
 * The binary `canonical-redis`.
 *
 * @module
 */
import * as main from './index.js'
import * as migrate from './migrate.js'
import * as nodeRedis from './node-redis.js'
import { exits } from './cli/exits.js'
import { run } from './cli/program.js'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second time it is meant at once: every batch is a unit of its own, so nothing is left half done.
    if (stop.signal.aborted) process.exit(exits.interrupted)
    process.stderr.write('\nStopping after the batch at hand; once more to stop at once.\n')
    stop.abort()
  })
}
// `canonical-redis analyze | head`: whoever read along has gone, which is no fault.
process.stdout.on('error', () => process.exit(exits.ok))

const code = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  signal: stop.signal,
  modules: { 'canonical-redis': main, 'canonical-redis/migrate': migrate, 'canonical-redis/node-redis': nodeRedis },
})
// A config file may leave connections or timers behind, that must not keep the program alive. What was written to a
// pipe has to be out first.
process.stdout.write('', () => process.exit(code))
