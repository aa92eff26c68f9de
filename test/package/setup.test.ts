/**
 * The setup script on a fresh clone: a copy of it in an empty folder, with stand-ins on the PATH that write down how
 * they were called.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let clone: string
const at = (...path: string[]): string => join(clone, ...path)

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'canonical-redis-setup-'))
  for (const folder of ['scripts', 'bin', 'node_modules']) mkdirSync(at(folder))
  copyFileSync('scripts/setup.mjs', at('scripts', 'setup.mjs'))
  writeLock('package-lock.json', { 'node_modules/a': { version: '1.0.0' } })
})
afterEach(() => rmSync(clone, { recursive: true, force: true }))

function writeLock(path: string, packages: Record<string, object>): void {
  writeFileSync(at(path), JSON.stringify({ packages: { '': { name: 'clone' }, ...packages } }))
}

/** Puts a program on the PATH that logs its arguments, then does what `script` says. */
function standIn(name: string, script = ''): void {
  writeFileSync(at('bin', name), `#!/bin/sh\necho "${name} $*" >> ${at('log')}\n${script}\n`)
  chmodSync(at('bin', name), 0o755)
}

const calls = (): string[] => (existsSync(at('log')) ? readFileSync(at('log'), 'utf8').trimEnd().split('\n') : [])

function setup(flags: string[], env: Record<string, string> = {}) {
  const options = { env: { PATH: at('bin'), CANONICAL_REDIS_TRIXIE: at('trixie'), ...env }, encoding: 'utf8' as const }
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('scripts', 'setup.mjs'), ...flags], options)
  return { status, stdout, stderr }
}

describe('--modules', () => {
  it('installs where nothing is installed, and says so first', () => {
    standIn('npm', 'echo chatter')
    const { status, stdout } = setup(['--quiet', '--modules'])
    expect(status).toBe(0)
    expect(stdout).toBe('setup: installing node modules with npm ci (there are none)\n')
    expect(calls()).toEqual(['npm ci --include=dev --no-audit --no-fund'])
  })

  it('does nothing, in silence, where the right versions are installed; optional ones may be missing', () => {
    standIn('npm')
    writeLock('package-lock.json', {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    })
    writeLock('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } })
    expect(setup(['--quiet', '--modules'])).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(calls()).toEqual([])
  })

  it('installs again when the lock file asks for another version', () => {
    standIn('npm')
    writeLock('node_modules/.package-lock.json', { 'node_modules/a': { version: '0.9.0' } })
    expect(setup(['--quiet', '--modules']).stdout).toContain('node_modules/a is 0.9.0, package-lock.json has 1.0.0')
    expect(calls()).toHaveLength(1)
  })

  it('shows the output of an npm that fails, and fails', () => {
    standIn('npm', 'echo "no network" >&2; exit 7')
    const { status, stderr } = setup(['--quiet', '--modules'])
    expect(status).toBe(1)
    expect(stderr).toContain('no network')
    expect(stderr).toContain('npm ci failed (exit code 7)')
  })
})

describe('--redis', () => {
  it.each(['redis-server', 'valkey-server'])('is content with a %s on the PATH', (program) => {
    standIn(program)
    expect(setup(['--quiet', '--redis'])).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(setup(['--redis']).stdout).toContain(at('bin', program))
  })

  it('is content with the program that CANONICAL_REDIS_SERVER names, and not with one that is not there', () => {
    standIn('my-redis')
    expect(setup(['--redis'], { CANONICAL_REDIS_SERVER: at('bin', 'my-redis') }).status).toBe(0)
    const { status, stderr } = setup(['--redis'], { CANONICAL_REDIS_SERVER: at('bin', 'gone') })
    expect(status).toBe(1)
    expect(stderr).toContain(`got ${at('bin', 'gone')}`)
  })

  it('says what to install where it cannot install', () => {
    const { status, stderr } = setup(['--redis'])
    expect(status).toBe(1)
    for (const way of ['brew install redis', 'apt-get install redis-server', 'CANONICAL_REDIS_SERVER']) {
      expect(stderr).toContain(way)
    }
  })
})

describe('--matrix', () => {
  const fill = 'for last; do :; done; mkdir -p "$last/usr/bin"; : > "$last/usr/bin/redis-server"'

  it('leaves a tree alone that has both servers', () => {
    mkdirSync(at('trixie', 'usr', 'bin'), { recursive: true })
    for (const server of ['redis-server', 'valkey-server']) writeFileSync(at('trixie', 'usr', 'bin', server), '')
    expect(setup(['--quiet', '--matrix'])).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('never touches a tree that lacks one: it may be somebody else’s', () => {
    mkdirSync(at('trixie'))
    standIn('debootstrap')
    const { status, stderr } = setup(['--matrix'])
    expect(status).toBe(1)
    expect(stderr).toContain('usr/bin/redis-server and usr/bin/valkey-server')
    expect(calls()).toEqual([])
  })

  const root = process.getuid?.() === 0
  // debootstrap needs root, and the script refuses to start it without.
  it.skipIf(!root)('builds beside the place and renames', () => {
    standIn('debootstrap', `PATH=/usr/bin:/bin; ${fill}; : > "$last/usr/bin/valkey-server"; test ! -e ${at('trixie')}`)
    expect(setup(['--quiet', '--matrix']).status).toBe(0)
    expect(calls().join()).toMatch(/^debootstrap --variant=minbase .* trixie \S+\/trixie\.tmp$/)
    expect(existsSync(at('trixie', 'usr', 'bin', 'valkey-server'))).toBe(true)
    expect(existsSync(at('trixie.tmp'))).toBe(false)
  })

  it.skipIf(!root)('leaves nothing in the place when a server is missing at the end', () => {
    standIn('debootstrap', `PATH=/usr/bin:/bin; ${fill}`)
    const { status, stderr } = setup(['--quiet', '--matrix'])
    expect(status).toBe(1)
    expect(stderr).toContain('without usr/bin/valkey-server')
    expect(existsSync(at('trixie'))).toBe(false)
  })
})

it('refuses a flag that it does not know', () => {
  expect(setup(['--module'])).toMatchObject({ status: 1, stderr: expect.stringContaining('got --module') })
})
