import { Service } from './service.js'

/** Counts the requests of each user, and says that it lives. */
export class SessionService extends Service {
  readonly #requests = new Map<string, number>()

  protected async work(symbol: string): Promise<number> {
    const { system, session, health } = this.stores
    const key = session(symbol)
    const requests = (this.#requests.get(symbol) ?? 0) + 1
    this.#requests.set(symbol, requests)
    this.expect(key, await system.hincrby(key, 'requests', 1), requests)
    await system.set(health(symbol), 'ok', 'EX', 60)
    return 2
  }
}
