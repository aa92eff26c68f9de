/**
 * Do two runs of segments have a text in common? Decided by building an automaton for each and walking both at once,
 * so the answer is exact and comes with the shortest such text. Sampling would miss `<a>-<b>` beside `<a>_<b>`.
 *
 * @module
 */
import { piecesOf, slotsOf, type Segment, type Slot } from './segment.js'

/** For each state, where each character leads. State 0 is the start, {@link Automaton.end} the only accepting one. */
interface Automaton {
  readonly states: Map<string, number[]>[]
  end: number
}

/** The values to try in a slot instead of any text; undefined: any text. */
export type Choose = (slot: Slot) => Iterable<string> | undefined

function addState({ states }: Automaton): number {
  states.push(new Map())
  return states.length - 1
}

function addEdge({ states }: Automaton, from: number, char: string, to: number): void {
  const edges = states[from]!
  const known = edges.get(char)
  if (known) known.push(to)
  else edges.set(char, [to])
}

function addText(automaton: Automaton, from: number, text: string): number {
  let state = from
  for (const char of text) {
    const next = addState(automaton)
    addEdge(automaton, state, char, next)
    state = next
  }
  return state
}

function addValues(automaton: Automaton, from: number, values: Iterable<string>): number {
  const end = addState(automaton)
  for (const value of values) {
    const last = addText(automaton, from, value.slice(0, -1))
    addEdge(automaton, last, value.slice(-1), end)
  }
  return end
}

/** One or more characters. */
function addAny(automaton: Automaton, from: number, chars: readonly string[]): number {
  const end = addState(automaton)
  for (const char of chars) {
    addEdge(automaton, from, char, end)
    addEdge(automaton, end, char, end)
  }
  return end
}

/** How much of `until` stands at the end of `seen`. */
function progress(seen: string, until: string): number {
  let length = Math.min(seen.length, until.length)
  while (!until.startsWith(seen.slice(seen.length - length))) length--
  return length
}

/**
 * One or more characters up to the first occurrence of `until`, which is consumed. A state is how much of `until` has
 * been read, and whether the value has begun: `until` at the very start would leave the hole empty, which never matches.
 */
function addUntil(automaton: Automaton, from: number, until: string, chars: readonly string[]): number {
  const end = addState(automaton)
  const begun = Array.from(until, () => addState(automaton))
  const empty = Array.from(until, (_, read) => (read === 0 ? from : addState(automaton)))
  for (let read = 0; read < until.length; read++) {
    for (const char of chars) {
      const next = progress(until.slice(0, read) + char, until)
      addEdge(automaton, begun[read]!, char, next === until.length ? end : begun[next]!)
      if (next !== read + 1) addEdge(automaton, empty[read]!, char, begun[next]!)
      else if (next < until.length) addEdge(automaton, empty[read]!, char, empty[next]!)
    }
  }
  return end
}

function build(segments: readonly Segment[], chars: readonly string[], choose: Choose): Automaton {
  const automaton: Automaton = { states: [new Map<string, number[]>()], end: 0 }
  const inSegment = chars.filter((char) => char !== ':')
  const pieces = piecesOf(segments)
  let state = addText(automaton, 0, pieces[0]!)
  slotsOf(segments).forEach((slot, index) => {
    const values = choose(slot)
    const after = pieces[index + 1]!
    if (values) state = addText(automaton, addValues(automaton, state, values), after)
    else if (slot.until === '')
      state = addText(automaton, addAny(automaton, state, slot.rest ? chars : inSegment), after)
    else {
      const found = addUntil(automaton, state, slot.until, inSegment)
      state = addText(automaton, found, after.slice(slot.until.length))
    }
  })
  automaton.end = state
  return automaton
}

/** Every character that either side names, and one that neither does: all the others behave like that one. */
function alphabetOf(runs: readonly (readonly Segment[])[], choose: Choose): string[] {
  const named = new Set(':')
  for (const segments of runs) {
    for (const text of piecesOf(segments)) for (const char of text) named.add(char)
    for (const slot of slotsOf(segments))
      for (const value of choose(slot) ?? []) for (const char of value) named.add(char)
  }
  const candidates = ['1', 'a', ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))]
  const other = candidates.find((char) => !named.has(char))
  return other === undefined ? [...named] : [other, ...named]
}

/**
 * The shortest text that both runs of segments match, under the values that `choose` allows in each slot.
 */
export function commonText(a: readonly Segment[], b: readonly Segment[], choose: Choose): string | undefined {
  const chars = alphabetOf([a, b], choose)
  const left = build(a, chars, choose)
  const right = build(b, chars, choose)
  const seen = new Set<number>([0])
  let wave: { left: number; right: number; text: string }[] = [{ left: 0, right: 0, text: '' }]
  while (wave.length > 0) {
    const next: typeof wave = []
    for (const pair of wave) {
      if (pair.left === left.end && pair.right === right.end) return pair.text
      for (const char of chars) {
        for (const l of left.states[pair.left]!.get(char) ?? []) {
          for (const r of right.states[pair.right]!.get(char) ?? []) {
            const id = l * right.states.length + r
            if (seen.has(id)) continue
            seen.add(id)
            next.push({ left: l, right: r, text: pair.text + char })
          }
        }
      }
    }
    wave = next
  }
  return undefined
}
