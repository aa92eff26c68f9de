export type * from './analysis.js'
export type * from './look-alike.js'
export type * from './options.js'
export type * from './results.js'
