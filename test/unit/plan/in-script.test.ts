import { describe, expect, it } from 'vitest'
import { inScript, outsideScript, plan, type Plan } from '../../../src/plan/index.js'
import { defineSchema, key } from '../../../src/schema/index.js'

const { mapper } = defineSchema({
  name: 'script',
  keys: { step: key('step:<id>').alias('job:<id>').alias('task:<id>') },
})

function planned(...argv: string[]): Plan {
  const made = plan(argv, {
    mapper,
    phaseOf: () => 'dual-write',
    db: 0,
    inTransaction: false,
    unknownCommands: 'refuse',
  })
  if (made === undefined) throw new Error('no plan')
  return made
}

describe('a plan in a script', () => {
  it('is one EVAL that declares the key and carries every argument behind a count', () => {
    const { steps, atomic } = inScript(planned('LPOP', 'step:1', '2'), 2)
    expect(atomic).toBe(false)
    const [eval_, , names, name, protocol, ...rest] = steps[0]!.argv
    expect([eval_, names, name, protocol]).toEqual(['EVAL', '1', 'job:1', '2'])
    expect(rest.join(' ')).toContain('3 LPOP job:1 2')
  })

  it('has a script of ours as a function in it, and not among its arguments', () => {
    const made = planned('SET', 'step:1', 'v')
    const script = made.steps.find(({ argv }) => argv[0] === 'EVAL')!.argv[1] as string
    const argv = inScript(made, 2).steps[0]!.argv.map(String)
    expect(argv[1]).toContain(`function(KEYS, ARGV)\n${script}\nend`)
    expect(argv.slice(2)).not.toContain(script)
  })

  it('declares the keys of a command that is a script of ours, not its text', () => {
    expect(inScript(planned('SPOP', 'step:1', '2'), 2).steps[0]!.argv.slice(2, 5)).toEqual(['2', 'job:1', 'step:1'])
  })

  it('has the shapes of RESP3 on such a connection, but for replies with nil in them', () => {
    const shapes = (...argv: string[]): unknown => {
      const [, , names, ...rest] = inScript(planned(...argv), 3).steps[0]!.argv
      return rest[Number(names)]
    }
    expect(shapes('SPOP', 'step:1', '2')).toBe('3')
    expect(shapes('HGETDEL', 'step:1', 'FIELDS', '1', 'f')).toBe('2')
    const group = ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'step:1', '0']
    expect(shapes(...group)).toBe('2')
    const script = (protocol: 2 | 3): unknown => inScript(planned(...group), protocol).steps[0]!.argv[1]
    expect([script(2), script(3)]).toEqual([
      expect.stringMatching(/return reply$/),
      expect.stringMatching(/asMap\(reply\)$/),
    ])
  })

  it('refuses what the server does not allow there, and what Lua cannot unpack', () => {
    expect(() => inScript(planned('EVAL', 'return 1', '1', 'step:1'), 2)).toThrow('EVAL between WATCH and MULTI')
    const many = Array.from({ length: 8_000 }, (_, i) => `m${i}`)
    expect(() => inScript(planned('SADD', 'step:1', ...many), 2)).toThrow('SADD between WATCH and MULTI')
  })
})

it('reads errors of a script as those of the command', () => {
  const said = (message: string, ...argv: string[]): string =>
    outsideScript(new Error(message), planned(...argv)).message
  const wrong = 'ERR Wrong number of args calling command from script'
  expect(said(wrong, 'ZADD', 'job:1')).toBe("ERR wrong number of arguments for 'zadd' command")
  expect(said(wrong, 'XGROUP', 'CREATECONSUMER', 'job:1', 'c')).toBe(
    "ERR wrong number of arguments for 'xgroup|createconsumer' command",
  )
  const long = 'x'.repeat(200)
  expect(said('ERR Unknown command called from script', 'HGETDEL', 'job:1', long)).toBe(
    `ERR unknown command 'HGETDEL', with args beginning with: 'job:1' '${'x'.repeat(120)}' `,
  )
  expect(said('WRONGTYPE Operation', 'HSET', 'job:1', 'f', 'v')).toBe('WRONGTYPE Operation')
})
