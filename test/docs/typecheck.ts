/**
 * Type-checks modules that exist only in memory, in one program with the options of tsconfig.json.
 *
 * @module
 */
import { join } from 'node:path'
import ts from 'typescript'
import { type Block, type Module } from './extract.js'

/** The repository; the tests run from it. */
export const root = process.cwd()

/** Where a block stands as a file: inside the repository, so that its imports resolve as those of a user's code. */
export const fileOf = ({ file, line }: Block): string =>
  join(root, '.cache', 'docs', `${file.replaceAll(/[^\w.-]/g, '_')}-L${line}.ts`)

/** The errors of each module, as `README.md:12: what is wrong`. */
export function typeErrors(modules: readonly Module[]): Map<Module, string[]> {
  const sources = new Map(modules.map((module) => [fileOf(module.block), `${module.source}\nexport {}\n`]))
  const options = readOptions()
  const host = overlay(ts.createCompilerHost(options), sources)
  const program = ts.createProgram({ rootNames: [...sources.keys()], options, host })
  return new Map(modules.map((module) => [module, errorsOf(program, module)]))
}

function readOptions(): ts.CompilerOptions {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file))
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'))
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  // A reader uses what a block declares; the block itself need not.
  return { ...options, noUnusedLocals: false, noUnusedParameters: false }
}

function overlay(host: ts.CompilerHost, sources: ReadonlyMap<string, string>): ts.CompilerHost {
  return {
    ...host,
    fileExists: (file) => sources.has(file) || host.fileExists(file),
    readFile: (file) => sources.get(file) ?? host.readFile(file),
    getSourceFile: (file, target, ...rest) => {
      const source = sources.get(file)
      return source === undefined
        ? host.getSourceFile(file, target, ...rest)
        : ts.createSourceFile(file, source, target)
    },
  }
}

function errorsOf(program: ts.Program, module: Module): string[] {
  const file = program.getSourceFile(fileOf(module.block))
  if (!file) throw new Error(`${module.block.file}:${module.block.line} is not in the program`)
  return ts.getPreEmitDiagnostics(program, file).map(({ start, messageText }) => {
    const line = start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line
    const place = module.lines[Math.min(line, module.lines.length - 1)]
    return `${module.block.file}:${place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
