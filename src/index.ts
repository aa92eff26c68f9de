/**
 * The keys of a live Redis under two names at once.
 *
 * @module
 */
export * from './errors.js'
