/**
 * The code blocks of the documentation, with where they stand.
 *
 * The words after the language of a fence say what the runner does with a block:
 *
 * - ` ```ts ` is type-checked, as a module of its own
 * - ` ```ts run ` is executed as well, with a server of its own at `process.env.REDIS_URL`
 * - ` ```ts continued ` (also with `run`) goes on from the block before it, and sees what that one declares
 * - ` ```ts no-check ` is only shown; an HTML comment on the line above the fence says why: `<!-- no-check: … -->`
 *
 * @module
 */

/** One fenced code block. */
export interface Block {
  /** As given: `docs/phases.md`. */
  readonly file: string
  /** The line of its first line of code, counted from 1. */
  readonly line: number
  readonly language: string
  /** The words after the language. */
  readonly flags: readonly string[]
  readonly code: string
  /** The line just above the fence. */
  readonly above: string
}

/** What one block is to the type checker and to Node: its code behind the code it continues. */
export interface Module {
  readonly block: Block
  readonly source: string
  /** The line of the document that each line of the source stands on, counted from 1. */
  readonly lines: readonly number[]
}

const fence = /^(\s*)(`{3,}|~{3,})\s*(\S*)\s*(.*?)\s*$/

/** All blocks of one document, in order. Throws at a fence that is never closed. */
export function extractBlocks(file: string, text: string): Block[] {
  const lines = text.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, indent, mark, language, words] = fence.exec(lines[at]!) ?? []
    if (mark === undefined) continue
    const end = lines.findIndex((line, index) => index > at && closes(line, mark))
    if (end === -1) throw new Error(`${file}:${at + 1}: a code block starts here and never ends`)
    blocks.push({
      file,
      line: at + 2,
      language: language!,
      flags: words ? words.split(/\s+/) : [],
      code: unindent(lines.slice(at + 1, end), indent!.length),
      above: lines[at - 1] ?? '',
    })
    at = end
  }
  return blocks
}

const closes = (line: string, mark: string): boolean => {
  const text = line.trim()
  return text.length >= mark.length && text === mark[0]!.repeat(text.length)
}

/** A block in a list is indented with the list; its code is not. */
const unindent = (lines: readonly string[], width: number): string =>
  lines.map((line) => line.replace(new RegExp(`^\\s{0,${width}}`), '')).join('\n')

/** The modules of one document: its TypeScript blocks but those marked `no-check`. */
export function modulesOf(blocks: readonly Block[]): Module[] {
  const modules: Module[] = []
  for (const block of blocks.filter(isChecked)) {
    const before = block.flags.includes('continued') ? modules.at(-1) : undefined
    if (block.flags.includes('continued') && !before) {
      throw new Error(`${block.file}:${block.line}: no block stands before this one, so there is nothing to continue`)
    }
    const code = block.code.split('\n')
    modules.push({
      block,
      source: before ? `${before.source}\n${block.code}` : block.code,
      lines: [...(before?.lines ?? []), ...code.map((_line, index) => block.line + index)],
    })
  }
  return modules
}

export const isTypeScript = (block: Block): boolean => ['ts', 'typescript'].includes(block.language)

const isChecked = (block: Block): boolean => isTypeScript(block) && !block.flags.includes('no-check')

/** The npm scripts that the shell blocks call: `npm test` calls `test`. */
export function npmScripts(blocks: readonly Block[]): { script: string; block: Block }[] {
  const shell = blocks.filter((block) => ['bash', 'sh', 'shell', 'console'].includes(block.language))
  return shell.flatMap((block) =>
    [...block.code.matchAll(/\bnpm (?:run(?:-script)? (?:-\S+ )*)?([\w:.-]+)/g)]
      .filter(([call, name]) => call.startsWith('npm run') || ['test', 'start'].includes(name!))
      .map(([, script]) => ({ script: script!, block })),
  )
}
