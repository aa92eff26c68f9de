import type { Names } from './names.js'

export const names: Names = {
  stream: 'ticks:live:processed',
  tick: (symbol) => `ticks:latest:${symbol}`,
  baseline: (symbol) => `volume_averages:${symbol}`,
  price: 'ltp',
  volume: 'vol',
  readTick: ({ ltp, vol, seq }) => ({ last_price: Number(ltp), volume: Number(vol), seq: Number(seq) }),
}
