/**
 * The types of the built package, under each TypeScript that people have: swapping a client for the wrapped one keeps
 * its static type. The fixtures are checked by the compilers themselves, against the .d.ts files of a fresh build.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Options } from 'tsup'
import { afterAll, beforeAll, expect, it } from 'vitest'
import configs from '../../tsup.config.js'

const fixtures = resolve('test/types/fixtures')
let folder: string

/** A fixture that is wrong, so that a compiler that looks at nothing is found out. */
const wrong = `import { holds, type Equal } from '${fixtures}/equal.js'
import { CanonicalRedisClient, defineSchema } from 'canonical-redis'
import { Redis } from 'ioredis'
const schema = defineSchema({ name: 'wrong', keys: {} })
const wrapped = new CanonicalRedisClient(new Redis(), { schema, phase: 'alias' })
holds<Equal<typeof wrapped, Redis>>()
`

beforeAll(async () => {
  // Inside the repository, so that the declarations find the packages that they name.
  mkdirSync('.cache', { recursive: true })
  folder = mkdtempSync(resolve('.cache', 'types-'))
  for (const config of (configs as Options[]).filter(({ dts }) => dts)) {
    await build({ ...config, config: false, format: 'esm', outDir: join(folder, 'dist'), silent: true })
  }
  writeFileSync(join(folder, 'wrong.ts'), wrong)
  const options = {
    extends: join(fixtures, 'tsconfig.json'),
    compilerOptions: {
      paths: {
        'canonical-redis': [join(folder, 'dist/index.d.ts')],
        'canonical-redis/*': [join(folder, 'dist/*.d.ts')],
      },
    },
    files: [...readdirSync(fixtures).filter((name) => name.endsWith('.ts')), 'wrong.ts'].map((name) =>
      name === 'wrong.ts' ? name : join(fixtures, name),
    ),
    include: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  ['typescript', '5.9'],
  ['typescript6', '6.0'],
  ['typescript7', '7.0'],
])(
  '%s (%s) finds the one mistake, and nothing else',
  async (name, version) => {
    expect(await run(name, ['--version'])).toContain(`Version ${version}`)
    const errors = (await run(name, ['-p', folder, '--pretty', 'false']))
      .split('\n')
      .filter((line) => line.trim() !== '')
    expect(errors).toEqual([expect.stringMatching(/wrong\.ts\(6,\d+\): error TS2344: Type 'false'/)])
  },
  300_000,
)

/** What a compiler prints. */
async function run(name: string, args: string[]): Promise<string> {
  const child = spawn(process.execPath, [resolve('node_modules', name, 'bin/tsc'), ...args])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)))
  await once(child, 'close')
  return output
}
