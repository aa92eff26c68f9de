import { expect, test } from 'vitest'
import { lookup } from '../../../src/commands/index.js'
import { isPlainOverwrite } from '../../../src/commands/overwrite.js'

test.each([
  ['del a b', true],
  ['unlink a', true],
  ['mset a 1 b 2', true],
  ['set a v', true],
  ['set a NX', true], // a value, not an option
  ['set a v EXAT 1800000000', true],
  ['set a v pxat 1800000000000', true],
  ['set a v EX 10', false],
  ['set a v PX 10', false],
  ['set a v NX', false],
  ['set a v XX', false],
  ['set a v GET', false],
  ['set a v KEEPTTL', false],
  ['set a v IFEQ w', false],
  ['set a v EXAT 1800000000 NX', false],
  ['set a v PXAT NX', true], // NX stands where the time should be: an error on both names
  ['set a v FUTURE', false],
  ['set a v constructor', false],
  ['getset a v', false],
  ['setex a 10 v', false],
  ['getdel a', false],
  ['msetnx a 1', false],
  ['incr a', false],
])('%s: %s', (line, plain) => {
  const argv = line.split(' ')
  const row = lookup(argv)!
  expect(isPlainOverwrite(row, argv)).toBe(plain)
  expect(
    isPlainOverwrite(
      row,
      argv.map((arg) => Buffer.from(arg)),
    ),
  ).toBe(plain)
})
