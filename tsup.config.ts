import { defineConfig, type Options } from 'tsup'

/** What users import, by the name of the file in dist. Each has its line in `exports` of package.json. */
const entries = {
  index: 'src/index.ts',
  migrate: 'src/migrate.ts',
  'node-redis': 'src/node-redis.ts',
  testing: 'src/testing.ts',
}

const common: Options = {
  target: 'node20',
  platform: 'node',
  sourcemap: true,
  // Without splitting every entry of one format carries its own copy of each class, and `instanceof` fails between them.
  splitting: true,
}

export default defineConfig([
  // The CLI stands in the same run as the ESM entries, so that it shares their chunks: the schema of a config file,
  // which imports the package, and the CLI that reads it must be of one copy.
  { ...common, name: 'esm', format: 'esm', entry: { ...entries, cli: 'src/cli.ts' } },
  // `shims`: `import.meta.url` has to mean something in CJS.
  { ...common, name: 'cjs', format: 'cjs', entry: entries, shims: true },
  { ...common, name: 'types', format: ['esm', 'cjs'], entry: entries, dts: { only: true } },
])
