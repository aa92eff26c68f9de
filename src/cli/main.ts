#!/usr/bin/env node
/**
 * The command line: one thin file per verb over the library.
 *
 * @module
 */
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }

/** Each adds one verb to the program. */
const verbs: readonly ((program: Command) => void)[] = []

const program = new Command('canonical-redis').description(manifest.description).version(manifest.version)
for (const add of verbs) add(program)
if (verbs.length === 0) program.addHelpText('after', '\nVerbs: none in this version.')

// Called without a verb: the help, on stderr and with an exit code that a script notices.
program.action(() => program.help({ error: true }))

await program.parseAsync()
