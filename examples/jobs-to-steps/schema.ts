/**
 * The whole migration, as data: what a key is called from now on, and what it was called.
 *
 * @module
 */
import { channel, defineSchema, key } from 'canonical-redis'

export const schema = defineSchema({
  name: 'jobs-to-steps',
  keys: {
    step: key('step:<id>').alias('job:<id>'),
    progress: key('step:<id>:progress').alias('job:<id>:progress'),
    pending: key('steps:pending').alias('jobs:pending'),
    active: key('steps:active').alias('jobs:active'),
    completed: key('steps:completed').alias('jobs:completed'),
    failed: key('steps:failed').alias('jobs:failed'),
    assigned: key('worker:<id>:steps').alias('worker:<id>:jobs'),
  },
  channels: {
    stepEvents: channel('step_events').alias('job_events'),
  },
})
