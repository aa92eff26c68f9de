import { schema } from '../schema.js'
import type { Names } from './names.js'

export const names: Names = {
  stream: schema.key.processed(),
  tick: (symbol) => schema.key.ticks({ symbol }),
  baseline: (symbol) => schema.key.baseline({ symbol }),
  price: 'last_price',
  volume: 'volume',
  readTick: (fields) => schema.normalize('ticks', fields),
}
