import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url))

export default defineConfig({
  resolve: {
    // Examples and docs import the package by its name; in tests that is the source, never a stale dist.
    alias: [
      { find: /^canonical-redis$/, replacement: source('index.ts') },
      { find: /^canonical-redis\/([a-z-]+)$/, replacement: source('$1.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Tests mostly wait for servers, so two files at once pay even on two cores, where vitest would take one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ['test/support/global-setup.ts'],
  },
})
