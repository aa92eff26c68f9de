/**
 * The whole path, from `alias` to `canonical`, with what the operator does on the way.
 *
 * @module
 */
import { expect } from 'vitest'
import type { RedisKeyMigrator } from '../../../src/migrate.js'
import { constantPhase, phases, type Phase, type PhaseSource } from '../../../src/phases/index.js'

/** Who takes part in a walk. */
export interface Walk {
  /** One for each service: they change phase one after the other, so that neighbouring phases run side by side. */
  readonly services: readonly PhaseSource[]
  /** Over the client of the last service, whose phase it asks. */
  readonly migrator: RedisKeyMigrator
  /** Called whenever something has changed: lets the work go on for a while. */
  settled(): Promise<void>
  /** Called in `dual-write`, which is as far as clients may go that know only the old names: they go home. */
  retireLegacy(): Promise<void>
}

/** The phase of each service, all in `alias`. */
export const twoServices = (): [PhaseSource, PhaseSource] => [constantPhase('alias'), constantPhase('alias')]

/** What the operator does once every service is in the phase. */
const duties: Partial<Record<Phase, (walk: Walk) => Promise<void>>> = {
  'dual-write': async ({ migrator, retireLegacy }) => {
    await retireLegacy()
    // It overwrites, since what the legacy clients wrote in this phase left stale copies behind.
    expect(await migrator.migrateKeys({ dryRun: false, overwrite: true })).toMatchObject({ failed: 0, endedBy: 'done' })
  },
  'dual-read': async ({ migrator }) => {
    expect(await migrator.migrateKeys({ dryRun: false })).toMatchObject({ failed: 0, endedBy: 'done' })
    expect(await migrator.verify()).toMatchObject({ clean: true, missing: 0, different: 0, orphans: 0 })
  },
  'retire-alias': async ({ migrator }) => {
    expect(await migrator.cleanupAliases({ dryRun: false, afterMigration: true })).toMatchObject({ failed: 0 })
    expect(await migrator.verify()).toMatchObject({ missing: 0, different: 0 })
  },
}

/** Goes through every phase. */
export async function walkThePath(walk: Walk): Promise<void> {
  await walk.settled()
  for (const phase of phases.slice(1)) {
    for (const service of walk.services) {
      service.set?.(phase)
      await walk.settled()
    }
    await duties[phase]?.(walk)
    await walk.settled()
  }
}
