/**
 * Processes that are started, restarted with other flags, and killed.
 *
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Health, Phase } from 'canonical-redis'
import { flagsOf } from './flags.js'
import type { Told } from './member.js'

/** What kind of process. */
export interface Role {
  readonly role: 'api' | 'worker'
  readonly name: string
  readonly code: 'new' | 'old' | 'raw'
}

interface Member extends Role {
  readonly child: ChildProcess
  port: number
}

const file = fileURLToPath(new URL('./member.ts', import.meta.url))

/** The fleet, and what its members told. */
export class Fleet {
  readonly submitted = new Set<string>()
  readonly errors: string[] = []
  readonly processes = new Set<number>()
  completed = { raw: 0, wrapped: 0 }
  killed = 0
  /** Jobs that killed workers had in their hands. */
  recovered = 0
  readonly #members = new Map<string, Member>()

  constructor(readonly url: string) {}

  /** Starts a process with the flags of a phase; resolves when it works. */
  async start(role: Role, phase: Phase): Promise<void> {
    const child = fork(file, [role.role, role.name, role.code], {
      env: { ...process.env, REDIS_URL: this.url, ...flagsOf[phase] },
      execArgv: ['--import', 'tsx'],
    })
    const member: Member = { ...role, child, port: 0 }
    this.#members.set(role.name, member)
    this.processes.add(child.pid ?? -1)
    await new Promise<void>((resolve, reject) => {
      child.on('message', (told: Told) => this.#hear(told, member, resolve))
      child.once('exit', () => reject(new Error(`${role.name} ended before it was ready: ${this.errors.at(-1)}`)))
    })
  }

  #hear(told: Told, member: Member, ready: () => void): void {
    if (told.kind === 'submitted') this.submitted.add(told.id)
    else if (told.kind === 'completed') this.completed[member.code === 'raw' ? 'raw' : 'wrapped']++
    else if (told.kind === 'error') this.errors.push(`${member.name}: ${told.message}`)
    else if (told.kind === 'ready') {
      member.port = told.port ?? 0
      this.recovered += told.recovered ?? 0
      ready()
    }
  }

  /** Lets a process finish what it has in its hands. */
  async stop(name: string): Promise<void> {
    const { child } = this.#members.get(name) as Member
    this.#members.delete(name)
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** One process after the other comes back with the flags of the next phase: neighbours work side by side. */
  async roll(phase: Phase): Promise<void> {
    for (const { name, role, code } of [...this.#members.values()]) {
      if (code === 'raw') continue
      await this.stop(name)
      await this.start({ name, role, code }, phase)
      await this.more(10)
    }
  }

  /** SIGKILL, by pid, with a job in its hands. The same worker comes back and gives out again what it had. */
  async kill(name: string, phase: Phase): Promise<void> {
    const member = this.#members.get(name) as Member
    await new Promise<void>((resolve) => {
      member.child.on('message', (told: Told) => told.kind === 'taken' && resolve())
    })
    process.kill(member.child.pid as number, 'SIGKILL')
    if (member.child.signalCode === null) await once(member.child, 'exit')
    this.killed++
    await this.start({ name, role: member.role, code: member.code }, phase)
  }

  /** What the health page of a process says. */
  async health(name: string): Promise<{ readonly status: number; readonly body: Health }> {
    const { port } = this.#members.get(name) as Member
    const response = await fetch(`http://127.0.0.1:${port}/health/redis-migration`)
    return { status: response.status, body: (await response.json()) as Health }
  }

  /** Waits until so many more jobs were finished. */
  async more(jobs: number): Promise<void> {
    const done = (): number => this.completed.raw + this.completed.wrapped
    const until = done() + jobs
    for (let waited = 0; done() < until; waited++) {
      if (this.errors.length > 0) throw new Error(this.errors[0])
      if (waited > 6_000) throw new Error(`the fleet stands still at ${done()} jobs`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async stopAll(role?: Role['role'] | 'raw'): Promise<void> {
    const chosen = [...this.#members.values()].filter((one) => !role || one.role === role || one.code === role)
    await Promise.all(chosen.map(({ name }) => this.stop(name)))
  }

  /** However far it is. */
  end(): void {
    for (const { child } of this.#members.values()) child.kill('SIGKILL')
  }
}
