export { plan } from './plan.js'
export { explain } from './explain.js'
export type { Plan, PlanContext, Rename, Step, StepRole } from './types.js'
