/**
 * Tests without a server.
 *
 * @module
 */
export * from './errors.js'
export type { Canonical, CanonicalOptions, Health } from './clients/canonical.js'
export type { RedisClass } from './clients/mock/client.js'
export { createMockRedis, type MockFace, type MockOptions, type MockRedis } from './clients/mock/create.js'
export type { MockValue, StoredValue } from './clients/mock/data.js'
