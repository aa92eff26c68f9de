/**
 * The program: from the words on the command line to an exit code.
 *
 * @module
 */
import { Command, CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { exits, type Exit } from './exits.js'
import { painter, redact, type Io } from './io.js'
import { problemOf } from './problem.js'
import { wrap } from './text.js'
import type { Outcome, Verb } from './verb.js'
import { verbs } from './verbs/index.js'

const WIDTH = 80

/**
 * Runs one command line.
 *
 * @param argv the words behind the program's name
 * @returns the exit code: see {@link exits}
 * @example
 * ```ts
 * process.exitCode = await run(process.argv.slice(2), io)
 * ```
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exit: Exit = 'ok'
  const program = build(io, async (verb, args, options) => {
    exit = await perform(verb, args, options, io)
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok : exits.usage
    exit = fail(error, argv.find((word) => !word.startsWith('-')) ?? '', argv.includes('--json'), io)
  }
  return exits[exit]
}

type Perform = (verb: Verb, args: readonly string[], options: Record<string, unknown>) => Promise<void>

function build(io: Io, perform: Perform): Command {
  const program = new Command('canonical-redis')
  program
    .description(manifest.description)
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => WIDTH,
      getErrHelpWidth: () => WIDTH,
    })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', afterHelp)
  for (const verb of verbs) add(program, verb, perform)
  return program
}

const afterHelp = `
Start here:
  $ canonical-redis init --from redis://127.0.0.1:6379   a draft of a config
  $ canonical-redis check                                is it safe?
  $ canonical-redis analyze                              how much is it?
  $ canonical-redis migrate                              a dry run

Nothing is changed without --live. Exit codes: 0 done, 1 something was found,
2 wrong use, 3 server, 4 refused, 130 stopped. Each verb has --help.`

function add(program: Command, verb: Verb, perform: Perform): void {
  const command = program.command(verb.args ? `${verb.name} ${verb.args}` : verb.name)
  command.summary(verb.says).description(verb.more ?? verb.says)
  for (const { flags, says, read, fallback, conflicts } of verb.flags) {
    const spelled = command.createOption(flags, says)
    if (read) spelled.argParser(read)
    if (fallback !== undefined) spelled.default(fallback)
    if (conflicts !== undefined) spelled.conflicts(conflicts)
    command.addOption(spelled)
  }
  const shown = verb.examples.map(([line, does]) => `  $ canonical-redis ${line}\n      ${does}`)
  command.addHelpText('after', `\nExamples:\n${shown.join('\n')}`)
  command.action(async () => perform(verb, command.args, command.opts()))
}

async function perform(verb: Verb, args: readonly string[], options: Record<string, unknown>, io: Io): Promise<Exit> {
  const say = (line: string): void => void io.stderr.write(`${redact(line)}\n`)
  try {
    const outcome = await verb.run({ io, options, args, paint: painter(io.stdout, io.env), say })
    give(verb, outcome, options['json'] === true, io)
    return outcome.exit
  } catch (error) {
    return fail(error, verb.name, options['json'] === true, io)
  }
}

function give(verb: Verb, { exit, migration, result, lines }: Outcome, isJson: boolean, io: Io): void {
  const text = isJson ? toJson({ verb: verb.name, exit: exits[exit], migration, result }) : lines.join('\n')
  if (text !== '') io.stdout.write(`${redact(text)}\n`)
}

/** Errors carry their words in properties that JSON leaves out. */
const toJson = (value: unknown): string =>
  JSON.stringify(
    value,
    (_, part: unknown) => {
      if (!(part instanceof Error)) return part
      const { code, message, next } = problemOf(part)
      return { code, message, next }
    },
    2,
  )

/** Says what went wrong, and gives the exit. */
function fail(error: unknown, verb: string, isJson: boolean, io: Io): Exit {
  const { code, message, next, ...problem } = problemOf(error)
  // Stopped by hand: whatever the error, it comes from that.
  const exit = io.signal.aborted ? 'interrupted' : problem.exit
  if (isJson) io.stdout.write(`${toJson({ verb, exit: exits[exit], error: { code, message, next } })}\n`)
  else {
    const paint = painter(io.stderr, io.env)
    const lines = [`${paint.red('error')} ${message} ${paint.dim(`[${code}]`)}`]
    if (next !== undefined) lines.push(`${paint.cyan('next ')} ${next}`)
    io.stderr.write(`${lines.flatMap((line) => wrap(line, WIDTH)).join('\n')}\n`)
  }
  if (io.env['DEBUG'] && error instanceof Error) io.stderr.write(`${redact(stacks(error))}\n`)
  return exit
}

/** The stack, with those of the causes. Never the properties: commands that failed carry their arguments. */
function stacks(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by: ${stacks(error.cause)}` : own
}
