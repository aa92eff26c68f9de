/** The floors of src, lowest first. A file imports from its own floor and from those before it, never from those after. */
const floors = ['schema', 'commands', 'phases', 'plan', 'clients', 'migrate', 'observe', 'cli']

/** src/errors.ts stands under all floors. The other files straight in src are entries, and stand above all of them. */
const entry = '^src/(?!errors\\.ts$)[^/]+\\.ts$'
const anyFloor = `^src/(${floors.join('|')})/`

const upwards = floors.slice(0, -1).map((floor, index) => ({
  name: `no-import-upwards-from-${floor}`,
  comment: `${floor} may import from: ${['errors', ...floors.slice(0, index + 1)].join(', ')}.`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  to: { path: `^src/(${floors.slice(index + 1).join('|')})/` },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upwards,
    {
      name: 'no-import-from-errors',
      comment: 'errors.ts is the ground: it imports nothing of ours.',
      severity: 'error',
      from: { path: '^src/errors\\.ts$' },
      to: { path: '^src/' },
    },
    {
      name: 'no-import-of-entries',
      comment: 'Entries (src/index.ts, src/migrate.ts, …) only gather what the floors export.',
      severity: 'error',
      from: { path: anyFloor },
      to: { path: entry },
    },
    {
      name: 'no-folder-without-floor',
      comment: 'A new folder of src needs its place in the list of floors.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/[^/]+/', pathNot: anyFloor },
    },
    {
      name: 'no-cycle',
      comment: 'Modules in a cycle cannot be understood, tested or loaded one by one. Type-only imports count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'Nothing imports it: dead code, or an entry that the build does not know.',
      severity: 'error',
      from: { orphan: true, pathNot: entry },
      to: {},
    },
    {
      name: 'no-import-out-of-src',
      comment: 'The package ships src only.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|examples|bench|docs)/' },
    },
    {
      name: 'no-client-at-run-time',
      comment: 'The user brings the client. Importing one would load it for everybody; `import type` is fine.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: '(^|/)(ioredis6?|redis|iovalkey|ioredis-mock|@redis/[^/]+)(/|$)',
        pathNot: '^src/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-dev-dependency',
      comment: 'It would be missing where the package is installed.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Type-only imports are imports too: a floor that knows a type of a higher floor cannot be read without it.
    tsPreCompilationDeps: true,
  },
}
