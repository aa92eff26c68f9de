/**
 * Tests without a server, and the contract that every wrapped client is held to.
 *
 * @module
 */
export * from './errors.js'
export type { Canonical, CanonicalOptions, Health } from './clients/canonical.js'
export type { ContractClient, ContractDriver, ContractListening } from './clients/contract/client.js'
export {
  contractFor,
  contractParts,
  type Contract,
  type ContractCase,
  type ContractOptions,
} from './clients/contract/contract.js'
export type { RedisClass } from './clients/mock/client.js'
export { createMockRedis, type MockFace, type MockOptions, type MockRedis } from './clients/mock/create.js'
export type { MockValue, StoredValue } from './clients/mock/data.js'
