import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ReportNames, REPORTED, writeReport, type Reported } from '../../../src/migrate/report.js'

const directory = mkdtempSync(join(tmpdir(), 'canonical-redis-report-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const result: Reported = {
  startedAt: new Date('2026-01-15T10:29:58.500Z'),
  finishedAt: new Date('2026-01-15T10:30:00.000Z'),
  durationMs: 1500,
  schema: 'jobs-to-steps',
  hash: 'abc',
  scanned: 12,
  endedBy: 'done',
  dryRun: false,
  families: { step: { found: 5, migrated: 3, failed: 2 }, pending: { found: 1, migrated: 1, failed: 0 } },
  groups: { work: { found: 6, migrated: 4, failed: 2 }, total_keys: { found: 1, migrated: 1, failed: 0 } },
}

it('has the agreed shape', async () => {
  const names = new ReportNames()
  names.migrated('job:1', 'step:1')
  names.error('job:2', 'step:2', 'step', 'OOM')
  names.left.push({ key: 'job:', db: 0, family: 'step', why: 'begins as "job:<id>" does' })
  const file = await writeReport(directory, 'migrate', result, names)
  expect(basename(file)).toBe('migration_report_20260115_103000.json')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    work_migrated: 4,
    groups: result.groups,
    migration_stats: {
      total_keys_found: 6,
      migrated_successfully: 4,
      migration_errors: 2,
      step_keys: 5,
      pending_keys: 1,
    },
    migrated_keys: [{ old_key: 'job:1', new_key: 'step:1' }],
    migrated_keys_omitted: 0,
    error_keys: [{ old_key: 'job:2', new_key: 'step:2', family: 'step', error: 'OOM' }],
    error_keys_omitted: 0,
    left_keys: [{ key: 'job:', db: 0, family: 'step', why: 'begins as "job:<id>" does' }],
    left_keys_omitted: 0,
    dry_run: false,
    timestamp: '2026-01-15T10:30:00.000Z',
    start_time: '2026-01-15T10:29:58.500Z',
    end_time: '2026-01-15T10:30:00.000Z',
    total_keys_migrated: 4,
    errors: 2,
    operation: 'migrate',
    schema: 'jobs-to-steps',
    hash: 'abc',
    duration_ms: 1500,
    scanned: 12,
    ended_by: 'done',
    counts: { found: 6, migrated: 4, failed: 2 },
    families: result.families,
  })
})

it('never writes over another report', async () => {
  const place = join(directory, 'made', 'on', 'demand')
  const files: string[] = []
  for (let run = 0; run < 3; run++) files.push(basename(await writeReport(place, 'migrate', result, new ReportNames())))
  const name = 'migration_report_20260115_103000'
  expect(files).toEqual([`${name}.json`, `${name}_2.json`, `${name}_3.json`])
})

it('lists so many names and counts the rest', async () => {
  const names = new ReportNames()
  for (let id = 0; id < REPORTED + 7; id++) names.migrated(`job:${id}`, `step:${id}`)
  const file = await writeReport(directory, 'migrate', result, names)
  const { migrated_keys, migrated_keys_omitted } = JSON.parse(readFileSync(file, 'utf8'))
  expect([migrated_keys.length, migrated_keys_omitted]).toEqual([REPORTED, 7])
})
