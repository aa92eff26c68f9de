export * from './gates.js'
export * from './phases.js'
export * from './queues.js'
export * from './sources.js'
