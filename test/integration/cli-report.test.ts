/** The report's page: everything in it, nothing around it; looked at by a browser where there is one. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { speeds } from '../../src/cli/html/runs.js'
import { html } from '../../src/cli/html/markup.js'
import { page, reportOf } from '../../src/cli/html/page.js'
import { cli, jobsConfig, project } from '../support/cli.js'
import { startServer, type TestServer } from '../support/servers.js'

let server: TestServer
let folder: ReturnType<typeof project>
let text: string

beforeAll(async () => {
  server = await startServer()
  folder = project(jobsConfig(server.url))
  const redis = new Redis(server.port)
  await redis.eval("for i = 1, 50 do redis.call('HSET', 'job:' .. i, 'status', string.rep('x', i * i)) end", 0)
  await redis.set('job:1:progress', '50', 'EX', 1000)
  await redis.set('job:<script>alert(1)</script>', '1')
  const call = (line: string) => cli(line.split(' '), { cwd: folder.cwd })
  await call('analyze')
  await call('migrate --live --yes --phase dual-write')
  await redis.hset('step:2', 'status', 'broken')
  // Differences are all on the page; which keys of a sample are, is chance.
  await redis.set('step:<script>alert(1)</script>', '2')
  await call('verify')
  redis.disconnect()
  expect((await call('report')).exit).toBe(0)
  text = readFileSync(join(folder.cwd, 'canonical-redis-reports', 'report.html'), 'utf8')
})
afterAll(async () => {
  folder.remove()
  await server.stop()
})

describe('the page', () => {
  it('has a section for each report, the oldest first', () => {
    expect([...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual([
      'Analysis',
      'Migration',
      'Verification',
    ])
  })

  it('shows what was found, moved and what differs, with charts', () => {
    for (const chart of ['Keys by family', 'Time to live by family', 'Keys by size and family', 'Outcome by family']) {
      expect(text).toContain(`aria-label="${chart}"`)
    }
    expect(text).toContain('aria-label="Size of a key by family"')
    // Hashes of up to 2,500 bytes, of which the sample has all.
    expect(text).toMatch(/step: up to 256 B \d+</)
    expect(text).toMatch(/step: up to 4 kB \d+</)
    expect(text).not.toMatch(/step: up to 64 kB/)
    expect(text).toMatch(/step: migrated 51/)
    expect(text).toMatch(/<td class="k">job:2<\/td>\s*<td class="k">step:2<\/td>/)
  })

  it('needs nothing from anywhere, and runs nothing', () => {
    expect(text).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|src=|href=/i)
    expect(text).toContain("default-src 'none'")
  })

  it('escapes names, which may be anything', () => {
    expect(text).not.toContain('<script>')
    expect(text).toContain('job:&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(html`<b>${['<', html`<i>${'&'}</i>`, undefined, 1, '\u0007']}</b>`.text).toBe(
      '<b>&lt;<i>&amp;</i>1\ufffd</b>',
    )
  })

  it('warns of reports of different schemas', () => {
    const files = ['a', 'b'].map((hash) => ({
      operation: 'migrate',
      schema: 's',
      hash,
      timestamp: hash,
      migration_stats: {},
      families: {},
      migrated_keys: [],
      error_keys: [],
    }))
    expect(page(files.map((file) => reportOf(file)!))).toContain('2 different schemas')
    expect(page([reportOf(files[0])!])).not.toContain('different schemas')
  })

  it('takes reports that the library wrote itself, and no other JSON', () => {
    expect(reportOf({})).toBeUndefined()
    expect(reportOf(null)).toBeUndefined()
    expect(reportOf([1])).toBeUndefined()
  })

  it('works out the speed between moments', () => {
    const moments = [
      { ms: 0, scanned: 0 },
      { ms: 500, scanned: 1000 },
      { ms: 1000, scanned: 1000 },
    ]
    expect(speeds(moments)).toEqual([
      [0.5, 2000],
      [1, 0],
    ])
  })
})

/** A browser that can be asked for a picture. */
const browser = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})
if (browser === undefined) console.log('skipped: the picture of the report, since no Chromium is installed')

describe.skipIf(browser === undefined)('in a browser', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'canonical-redis-page-'))
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))
  const open = (flags: readonly string[], file: string): string =>
    execFileSync(
      browser!,
      ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${scratch}/profile`, ...flags, `file://${file}`],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 },
    )

  it('is laid out, in a window as narrow as a telephone too', { timeout: 120_000 }, () => {
    const report = join(folder.cwd, 'canonical-redis-reports', 'report.html')
    const picture = join(scratch, 'report.png')
    open(['--window-size=400,900', `--screenshot=${picture}`], report)
    expect(existsSync(picture)).toBe(true)
    // A page that failed to lay out is one colour, which packs into a few kilobytes.
    expect(statSync(picture).size).toBeGreaterThan(10_000)
    // A script of ours asks the very page how wide its content is; its own policy would refuse it.
    const probe = join(scratch, 'probe.html')
    const ask =
      '<script>document.title = `width ${document.documentElement.scrollWidth} of ${innerWidth}`</script></body>'
    writeFileSync(probe, text.replace(/<meta http-equiv[^>]*>/, '').replace('</body>', ask))
    const [, content, window] = /width (\d+) of (\d+)/.exec(open(['--window-size=600,900', '--dump-dom'], probe)) ?? []
    expect(Number(content)).toBeLessThanOrEqual(Number(window))
  })
})
