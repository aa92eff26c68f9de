/**
 * Says what is done, and when the rest will be.
 *
 * @module
 */

/** A clock time, hours to seconds. */
export const clock = (at: Date): string => at.toTimeString().slice(0, 8)

/**
 * Counts steps of about the same length.
 *
 * @returns prints a line for each step: how many are done, what came of this one, the expected end
 */
export function progress(total: number): (text: string) => void {
  const began = Date.now()
  let done = 0
  return (text) => {
    done++
    const end = new Date(began + ((Date.now() - began) * total) / done)
    console.log(`  ${done} of ${total}, until ${clock(end)}: ${text}`)
  }
}
