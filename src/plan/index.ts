export { adoptedNames, changing } from './adopting.js'
export { plan } from './plan.js'
export { shortWay, shortWays, type ShortWay } from './short-way.js'
export { explain, type ExplainOptions } from './explain.js'
export { gatherScript } from './queue-scripts.js'
export type { FlowPlan, Plan, PlanContext, Rename, Step, StepRole } from './types.js'
export * from './reshape/index.js'
export { inScript, outsideScript, type Protocol } from './in-script.js'
export { chosenReply, namingAliases, withoutAdopting } from './without-adopting.js'
export { globsFor, mayMeanManaged, show, splitScan, type Shown } from './keyspace.js'
export {
  activeName,
  argOf,
  bytesOf,
  changedUnits,
  invalidated,
  isSecondEvent,
  logicalChannel,
  nameLike,
  sidesNow,
  type Listening,
  type LogicalChannel,
  type Sides,
} from './channel-names.js'
export { channelGlobs, nameFor, shownChannel } from './channel-patterns.js'
export { serverNames, understand, type Asked } from './listening.js'
