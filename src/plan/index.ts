export { plan } from './plan.js'
export { explain } from './explain.js'
export type { Plan, PlanContext, Rename, Step, StepRole } from './types.js'
export { globsFor, mayMeanManaged, show, splitScan, type Shown } from './keyspace.js'
