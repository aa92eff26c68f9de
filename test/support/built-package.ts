/**
 * The package as users get it, built from the sources of now: a stale dist cannot answer.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Options } from 'tsup'
import config from '../../tsup.config.js'

/** The builds of tsup.config.ts. */
export const configs = config as Options[]

/** A folder inside the repository, so that what lies in it finds the dependencies, and how to remove it. */
export function scratch(prefix: string): { folder: string; remove: () => void } {
  mkdirSync('.cache', { recursive: true })
  const folder = mkdtempSync(join(process.cwd(), '.cache', prefix))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Builds the JavaScript of the package, with tsup.config.ts, into `outDir`. */
export async function buildPackage(outDir: string): Promise<void> {
  for (const one of configs.filter(({ dts }) => !dts)) {
    await build({ ...one, config: false, outDir, silent: true })
  }
}
