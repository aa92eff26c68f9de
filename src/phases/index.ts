export * from './gates.js'
export * from './phases.js'
export * from './sources.js'
