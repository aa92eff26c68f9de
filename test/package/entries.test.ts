/**
 * What the built package loads, asked of a child process: the root entry must work where neither ioredis nor redis is
 * installed. The build is that of tsup.config.ts, into a folder of its own, so that a stale dist cannot answer.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { buildPackage, configs, scratch } from '../support/built-package.js'

const clients = /[\\/]node_modules[\\/](ioredis6?|redis|iovalkey|@redis|ioredis-mock)[\\/]/

const { folder: dist, remove } = scratch('dist-')

beforeAll(() => buildPackage(dist))
afterAll(remove)

/** Runs a script in a new process and gives what it prints as JSON. */
function ask(script: string, flags: string[] = []): string[] {
  const file = join(dist, 'probe.mjs')
  writeFileSync(file, script)
  return JSON.parse(execFileSync(process.execPath, [...flags, file], { encoding: 'utf8', cwd: dist })) as string[]
}

/** Every CommonJS file that `require` of it loads. */
const loadedByRequire = (file: string): string[] =>
  ask(`
    import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    require(${JSON.stringify(file)})
    console.log(JSON.stringify(Object.keys(require.cache)))`)

/** Every module that `import` of it resolves; a hook sees them all, CommonJS ones too. */
function loadedByImport(file: string): string[] {
  const hook = `export async function resolve(specifier, context, next) {
    const found = await next(specifier, context)
    if (found.url.startsWith('file:')) context.parentURL && port.postMessage(found.url)
    return found
  }
  let port
  export function initialize(data) { port = data.port }`
  return ask(`
    import { register } from 'node:module'
    import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
    const { port1, port2 } = new MessageChannel()
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}), {
      data: { port: port2 }, transferList: [port2],
    })
    await import(${JSON.stringify(pathToFileURL(file).href)})
    const seen = []
    for (let one; (one = receiveMessageOnPort(port1)); ) seen.push(new URL(one.message).pathname)
    console.log(JSON.stringify(seen))
    port1.close()`)
}

it('import of the root entry loads no Redis client', () => {
  const files = loadedByImport(join(dist, 'index.js'))
  expect(files).toContain(join(dist, 'index.js'))
  expect(files.filter((file) => clients.test(file))).toEqual([])
})

it('require of the root entry loads no Redis client', () => {
  const files = loadedByRequire(join(dist, 'index.cjs'))
  expect(files).toContain(join(dist, 'index.cjs'))
  expect(files.filter((file) => clients.test(file))).toEqual([])
})

it('both probes see a client that is loaded', () => {
  const [esm, cjs] = [join(dist, 'with-client.mjs'), join(dist, 'with-client.cjs')]
  writeFileSync(esm, `import 'ioredis'`)
  writeFileSync(cjs, `require('ioredis')`)
  expect(loadedByImport(esm).some((file) => clients.test(file))).toBe(true)
  expect(loadedByRequire(cjs).some((file) => clients.test(file))).toBe(true)
})

it('entries of one format share their classes', () => {
  const script = (load: string) => `
    import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    const [root, migrate] = ${load}
    console.log(JSON.stringify([typeof root.CanonicalRedisError, String(root.CanonicalRedisError === migrate.CanonicalRedisError)]))`
  expect(ask(script(`[await import('./index.js'), await import('./migrate.js')]`))).toEqual(['function', 'true'])
  expect(ask(script(`[require('./index.cjs'), require('./migrate.cjs')]`))).toEqual(['function', 'true'])
})

it('the command line knows its version, and starts by itself', () => {
  const cli = join(dist, 'cli.js')
  expect(execFileSync(cli, ['--version'], { encoding: 'utf8' }).trim()).toBe(manifest.version)
  expect(execFileSync(cli, ['--help'], { encoding: 'utf8' })).toContain('Usage: canonical-redis')
})

it('every file that package.json exports is an entry of the build', () => {
  const entries = configs.flatMap((config) => Object.keys(config.entry as object))
  const exported = Object.keys(manifest.exports).filter((path) => path !== './package.json')
  for (const path of exported) expect(entries).toContain(path === '.' ? 'index' : path.slice(2))
  expect(manifest.bin['canonical-redis']).toBe('./dist/cli.js')
})
