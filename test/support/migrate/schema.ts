/** The schema of the migrator that is killed; the process and the test that kills it must share one. */
import { defineSchema, key } from '../../../src/schema/index.js'

export const killSchema = defineSchema({
  name: 'killed',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    far: key('far:<id>').alias('near:<id>', { db: 2 }),
  },
})
