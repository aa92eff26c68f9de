#!/usr/bin/env node
/**
 * Brings a fresh clone to where its tests can run. Node's builtins only, since it runs before anything is installed.
 *
 *   node scripts/setup.mjs [--modules] [--redis] [--matrix] [--quiet]
 *
 *   --modules  the packages of package-lock.json
 *   --redis    a Redis server
 *   --matrix   a Debian trixie tree with Redis 8.0 and Valkey 8.1, for the tests against several servers
 *   --quiet    one line for each thing done, and none where nothing is to do
 *
 * Without --modules, --redis and --matrix: the first two. What is already there is left alone.
 *
 * Environment: CANONICAL_REDIS_SERVER names a server's binary, CANONICAL_REDIS_TRIXIE the place of the tree.
 */
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const trixie = process.env.CANONICAL_REDIS_TRIXIE || '/var/cache/canonical-redis-servers/trixie'
const trixieBinaries = ['usr/bin/redis-server', 'usr/bin/valkey-server']
const policy = '/usr/sbin/policy-rc.d'

/** Each step does its work, or throws an Expected with the sentence to print. */
const steps = { '--modules': setUpModules, '--redis': setUpRedis, '--matrix': setUpMatrix }

const flags = process.argv.slice(2)
const quiet = flags.includes('--quiet')

class Expected extends Error {}

main()

function main() {
  const known = [...Object.keys(steps), '--quiet']
  const unknown = flags.filter((flag) => !known.includes(flag))
  const chosen = Object.keys(steps).filter((flag) => flags.includes(flag))
  try {
    if (unknown.length > 0) throw new Expected(`Expected some of ${known.join(' ')}, got ${unknown.join(' ')}`)
    for (const flag of chosen.length > 0 ? chosen : ['--modules', '--redis']) steps[flag]()
  } catch (error) {
    if (!(error instanceof Expected)) throw error
    console.error(`setup: ${error.message}`)
    process.exitCode = 1
  }
}

// --- node modules

function setUpModules() {
  const reason = staleModules()
  if (!reason) return there('node modules: as in package-lock.json')
  say(`installing node modules with npm ci (${reason})`)
  // NODE_ENV=production would leave out the tools that build and test.
  run([...npm(), 'ci', '--include=dev', '--no-audit', '--no-fund'], 'npm ci', { cwd: root })
}

/**
 * Why node_modules is not what package-lock.json says, or undefined. npm keeps a lock file of what it installed; the
 * two are compared by content, since a checkout sets the times of files as it likes.
 */
function staleModules() {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'))
  if (!installed) return 'there are none'
  const wanted = packagesOf(join(root, 'package-lock.json'))
  if (!wanted) throw new Expected(`Expected a package-lock.json in ${root}, found none that can be read`)
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    // Optional packages are those of other platforms, mostly; '' is this package itself.
    if (path !== '' && !optional && installed[path]?.version !== version) {
      return `${path} is ${installed[path]?.version ?? 'missing'}, package-lock.json has ${version}`
    }
  }
  return undefined
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** The npm that runs this script, else the one on the PATH. */
function npm() {
  const running = process.env.npm_execpath
  return running?.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm']
}

// --- a Redis server

function setUpRedis() {
  const named = process.env.CANONICAL_REDIS_SERVER || undefined
  if (named && !onPath(named)) {
    throw new Expected(`Expected CANONICAL_REDIS_SERVER to name a program, got ${named}\n  → correct it, or unset it`)
  }
  const found = onPath(named ?? 'redis-server') ?? onPath('valkey-server')
  if (found) return there(`Redis server: ${found}`)
  if (!canInstall()) throw new Expected(howToInstallRedis())
  say('installing redis-server with apt-get (the program only: no service is started)')
  aptInstall('redis-server')
  if (!onPath('redis-server'))
    throw new Expected(`apt-get installed no redis-server on the PATH.\n${howToInstallRedis()}`)
}

function howToInstallRedis() {
  return `Expected a Redis server, found neither redis-server nor valkey-server on the PATH. Install one:
  macOS           brew install redis
  Debian, Ubuntu  sudo apt-get install redis-server
  Fedora          sudo dnf install valkey
  Alpine          sudo apk add redis
  without root    download https://download.redis.io/redis-stable.tar.gz, unpack it and run \`make\` in it, then
                  export CANONICAL_REDIS_SERVER=/path/to/redis-stable/src/redis-server
  → then run this again`
}

// --- the servers of Debian trixie

function setUpMatrix() {
  const has = (binary) => existsSync(join(trixie, binary))
  if (trixieBinaries.every(has)) return there(`Redis 8.0 and Valkey 8.1: ${trixie}`)
  const command = `debootstrap --variant=minbase --include=redis-server,valkey-server trixie ${trixie}`
  if (existsSync(trixie)) {
    const lacking = trixieBinaries.filter((binary) => !has(binary)).join(' and ')
    throw new Expected(
      `Expected ${trixie} to have ${lacking}; it has not\n  → move that folder away, and run this again`,
    )
  }
  if (!isRoot()) throw new Expected(`Expected to be root, to make ${trixie}\n  → run as root: ${command}`)
  if (!onPath('debootstrap')) {
    if (!canInstall()) throw new Expected('Expected debootstrap on the PATH\n  → install it, and run this again')
    say('installing debootstrap with apt-get')
    // Ubuntu's debootstrap comes without the keys that sign Debian's packages.
    aptInstall('debootstrap', 'debian-archive-keyring')
  }
  buildTrixie()
}

/** Builds beside the final place and renames, so that a tree that is there is a whole one. */
function buildTrixie() {
  const unfinished = `${trixie}.tmp`
  say(`making ${trixie} with debootstrap: Redis 8.0 and Valkey 8.1 of Debian trixie (some 300 MB, some minutes)`)
  removeTree(unfinished)
  mkdirSync(dirname(trixie), { recursive: true })
  const included = '--include=redis-server,valkey-server'
  run(['debootstrap', '--variant=minbase', included, 'trixie', unfinished], 'debootstrap')
  const lacking = trixieBinaries.filter((binary) => !existsSync(join(unfinished, binary)))
  if (lacking.length > 0) throw new Expected(`debootstrap left ${unfinished} without ${lacking.join(' and ')}`)
  renameSync(unfinished, trixie)
}

function removeTree(folder) {
  // A debootstrap that was killed leaves /proc and /sys mounted in its tree: never delete through those.
  if (existsSync(folder)) run(['rm', '-rf', '--one-file-system', folder], `removing ${folder}`)
}

// --- what the steps share

function isRoot() {
  return process.getuid?.() === 0
}

function canInstall() {
  return isRoot() && onPath('apt-get') !== undefined
}

function aptInstall(...packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  run(['apt-get', 'update'], 'apt-get update', { env })
  withoutServices(() => {
    const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages]
    run(install, `apt-get install ${packages.join(' ')}`, { env })
  })
}

/** Debian starts a service when its package is installed, unless this script forbids it. One that is there is kept. */
function withoutServices(work) {
  const ours = !existsSync(policy)
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    work()
  } finally {
    if (ours) rmSync(policy, { force: true })
  }
}

/** The full path of a program given by name or path, or undefined. */
function onPath(program) {
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** Runs a command to its end. With --quiet its output is shown only if it fails. Throws where it fails. */
function run([program, ...args], name, options = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit']
  const result = spawnSync(program, args, { stdio, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options })
  if (result.status === 0) return
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trimEnd()
  if (output) console.error(output)
  const how = result.error?.message ?? (result.signal ? `ended by ${result.signal}` : `exit code ${result.status}`)
  throw new Expected(
    `${name} failed (${how})\n  → see its output above; the command was: ${[program, ...args].join(' ')}`,
  )
}

function say(line) {
  console.log(`setup: ${line}`)
}

function there(line) {
  if (!quiet) say(line)
}
