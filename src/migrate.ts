/**
 * The migrator.
 *
 * @module
 */
export * from './errors.js'
