/**
 * Real servers for tests: started on free loopback ports, stopped by pid, and never left behind.
 *
 * `redis-7.0` is the `redis-server` on the PATH (CANONICAL_REDIS_SERVER names another binary). The others live in a
 * Debian trixie tree (CANONICAL_REDIS_TRIXIE names it) and run in a chroot, since they need that tree's libraries.
 *
 * @module
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Every kind of server that the suite knows, oldest first. */
export const serverKinds = ['redis-7.0', 'redis-8.0', 'valkey-8.1'] as const

/** A kind of server. */
export type ServerKind = (typeof serverKinds)[number]

/** What {@link startServer} takes. */
export interface StartOptions {
  /** Default: the first of {@link availableServers}. */
  readonly kind?: ServerKind | undefined
  /** Further arguments of the server, which win over the harness's own: `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[] | undefined
}

/** A running server. */
export interface TestServer {
  readonly kind: ServerKind
  readonly port: number
  readonly pid: number
  /** `redis://127.0.0.1:<port>` */
  readonly url: string
  /** Ends the server at once and removes its directory. A second call does nothing. */
  stop(): Promise<void>
}

interface Launcher {
  /** The command line up to the server's own arguments. */
  readonly command: readonly string[]
  /** The host's path of the root that the server sees. */
  readonly root: string
  /** A directory for scratch files, as the server sees it. */
  readonly scratch: string
}

const BOOT_MS = 20_000
const BOOT_TRIES = 5

/**
 * `setpriv` makes the kernel end the server with this process, even when a test runner kills its worker with a signal
 * that leaves no time for an exit handler.
 */
const diesWithParent: readonly string[] = worksHere(['setpriv', '--pdeathsig', 'KILL', 'true'])
  ? ['setpriv', '--pdeathsig', 'KILL']
  : []

const trixie = process.env['CANONICAL_REDIS_TRIXIE'] ?? '/var/cache/canonical-redis-servers/trixie'

// Without root, a user namespace of our own is what allows chroot.
const namespace: readonly string[] = process.getuid?.() === 0 ? [] : ['unshare', '--map-root-user']

const inTrixie = (binary: string): Launcher => ({
  command: [...namespace, ...diesWithParent, 'chroot', trixie, binary],
  root: trixie,
  scratch: '/tmp',
})

const launchers: Record<ServerKind, Launcher> = {
  'redis-7.0': {
    command: [...diesWithParent, process.env['CANONICAL_REDIS_SERVER'] ?? 'redis-server'],
    root: '/',
    scratch: tmpdir(),
  },
  'redis-8.0': inTrixie('/usr/bin/redis-server'),
  'valkey-8.1': inTrixie('/usr/bin/valkey-server'),
}

const versions = new Map<ServerKind, string | undefined>()

/** The version that a kind has here (`7.0.15`), or undefined where it cannot be started. */
export function serverVersion(kind: ServerKind): string | undefined {
  if (!versions.has(kind)) {
    const text = output([...launchers[kind].command, '--version'])
    versions.set(kind, text && /v=(\S+)/.exec(text)?.[1])
  }
  return versions.get(kind)
}

/**
 * The kinds that can be started here, oldest first; at least one.
 * With CANONICAL_REDIS_MATRIX=required (as in CI) a missing kind is an error, so that a matrix cannot shrink unseen.
 */
export function availableServers(): ServerKind[] {
  const found = serverKinds.filter((kind) => serverVersion(kind) !== undefined)
  const missing = serverKinds.filter((kind) => !found.includes(kind))
  if (missing.length > 0 && (process.env['CANONICAL_REDIS_MATRIX'] === 'required' || found.length === 0)) {
    const lines = missing.map((kind) => `  ${kind}: ${launchers[kind].command.join(' ')} --version fails`)
    throw new Error(
      `Expected to start ${missing.join(', ')}, but:\n${lines.join('\n')}\n  → run \`npm run setup\`, or name a binary ` +
        'in CANONICAL_REDIS_SERVER and a Debian trixie tree in CANONICAL_REDIS_TRIXIE',
    )
  }
  return found
}

/**
 * Starts a server with nothing in it: no persistence, loopback only, DEBUG allowed.
 *
 * @example
 * ```ts
 * const server = await startServer({ kind: 'valkey-8.1', args: ['--maxmemory', '10mb'] })
 * try { new Redis(server.port) } finally { await server.stop() }
 * ```
 */
export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const kind = options.kind ?? availableServers()[0]!
  let reason: unknown
  for (let attempt = 0; attempt < BOOT_TRIES; attempt++) {
    // Another process may take the free port before the server binds it: the server exits, and another port is tried.
    const launched = launch(kind, await freePort(), options.args ?? [])
    try {
      await launched.ready()
      return launched.server
    } catch (error) {
      reason = error
      await launched.server.stop()
    }
  }
  throw new Error(`Expected ${kind} to start, but ${BOOT_TRIES} attempts failed`, { cause: reason })
}

/** Every server of this process with its directory, for the tests that forget `stop` or die before it. */
const running = new Map<ChildProcess, string>()
process.on('exit', () => {
  for (const [child, hostDir] of running) {
    child.kill('SIGKILL')
    rmSync(hostDir, { recursive: true, force: true })
  }
})

function launch(kind: ServerKind, port: number, args: readonly string[]) {
  const { command, root, scratch } = launchers[kind]
  const hostDir = mkdtempSync(join(root, scratch, 'canonical-redis-'))
  const dir = root === '/' ? hostDir : hostDir.slice(root.length)
  const own = `--port ${port} --bind 127.0.0.1 --appendonly no --enable-debug-command yes --dir ${dir}`.split(' ')
  const child = spawn(command[0]!, [...command.slice(1), ...own, '--save', '', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  running.set(child, hostDir)
  const exited = once(child, 'exit').then(
    () => undefined,
    () => undefined, // the binary does not exist: `ready` reports it
  )
  const log: string[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    log.push(chunk)
    if (log.length > 50) log.shift()
  })

  let stopped: Promise<void> | undefined
  const server: TestServer = {
    kind,
    port,
    pid: child.pid ?? -1,
    url: `redis://127.0.0.1:${port}`,
    stop: () => (stopped ??= end()),
  }
  async function end() {
    child.kill('SIGKILL')
    await exited
    running.delete(child)
    rmSync(hostDir, { recursive: true, force: true })
  }
  async function ready() {
    const deadline = Date.now() + BOOT_MS
    while (Date.now() < deadline) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) break
      if (await answers(port, child.pid)) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`${kind} did not answer on port ${port}; its log:\n${log.join('')}`)
  }
  return { server, ready }
}

/**
 * Does the server of this pid answer on the port? The pid is compared because, after a lost race for the port, it is
 * somebody else's server that answers. A server with a password says NOAUTH, and is up.
 */
function answers(port: number, pid: number): Promise<boolean> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO server\r\n'))
    const done = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket.setTimeout(1_000, () => done(false))
    socket.on('error', () => done(false))
    socket.on('close', () => done(false))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const found = /process_id:(\d+)\r\n/.exec(text)
      if (found) done(Number(found[1]) === pid)
      else if (text.startsWith('-')) done(text.startsWith('-NOAUTH'))
    })
  })
}

/** A port of the loopback that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

function worksHere(command: readonly string[]): boolean {
  return output(command) !== undefined
}

function output([file, ...args]: readonly string[]): string | undefined {
  try {
    return execFileSync(file!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}
