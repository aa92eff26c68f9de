/** docs/contract.md shows what runs. To write the table anew: `UPDATE_DOCS=1 npx vitest run test/contract/matrix.test.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import prettier from 'prettier'
import { subjects } from './drivers.js'
import { matrix } from './matrix.js'

const page = 'docs/contract.md'
const between = /(?<=<!-- clients: begin -->\n).*(?=\n<!-- clients: end -->)/s

it('the table of the page is that of the drivers', async () => {
  const text = readFileSync(page, 'utf8')
  const options = { ...(await prettier.resolveConfig(page)), parser: 'markdown' }
  const table = `\n${(await prettier.format(matrix(subjects), options)).trim()}\n`
  if (process.env['UPDATE_DOCS'])
    writeFileSync(
      page,
      text.replace(between, () => table),
    )
  else expect(between.exec(text)?.[0]).toBe(table)
})
