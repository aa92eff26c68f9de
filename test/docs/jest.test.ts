/** The Jest test of docs/testing.md, run by Jest itself on the built package. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPackage, scratch } from '../support/built-package.js'
import { extractBlocks } from './extract.js'

const page = 'docs/testing.md'
const { folder, remove } = scratch('jest-')

beforeAll(async () => {
  const home = join(folder, 'node_modules', 'canonical-redis')
  mkdirSync(home, { recursive: true })
  copyFileSync('package.json', join(home, 'package.json'))
  await buildPackage(join(home, 'dist'))
  writeFileSync(join(folder, 'package.json'), '{}')
})
afterAll(remove)

function runJest(test: string): { passed: number; failed: number; output: string } {
  writeFileSync(join(folder, 'jobs.test.js'), test)
  const jest = spawnSync(process.execPath, [resolve('node_modules/jest/bin/jest.js'), '--json', '--watchman=false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(jest.stdout) as Record<string, number>
  return { passed: passed!, failed: failed!, output: jest.stderr }
}

const shown = extractBlocks(page, readFileSync(page, 'utf8')).filter(({ code }) => code.includes('require('))

it('is one block', () => expect(shown).toHaveLength(1))

it('passes as it is shown, and Jest comes to an end by itself', () => {
  expect(runJest(shown[0]!.code)).toMatchObject({ passed: 1, failed: 0 })
})

it('fails where legacy code would not see the job', () => {
  const tooFar = shown[0]!.code.replace("phase: 'dual-write'", "phase: 'canonical'")
  expect(runJest(tooFar)).toMatchObject({ passed: 0, failed: 1, output: expect.stringContaining('Expected: "open"') })
})
