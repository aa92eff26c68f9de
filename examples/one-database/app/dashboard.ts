import { Service } from './service.js'

/** Shows averages. */
export class Dashboard extends Service {
  protected async work(symbol: string): Promise<number> {
    const { volume, average } = this.stores
    const key = average(symbol)
    this.expect(key, await volume.hget(key, 'avg_20d'), '10432')
    return 1
  }
}
