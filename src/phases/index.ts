export * from './phases.js'
export * from './sources.js'
