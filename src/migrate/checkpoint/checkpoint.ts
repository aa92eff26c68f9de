/**
 * How far a run is, so that the next one goes on from there.
 *
 * A checkpoint names what it belongs to: the operation with its options, the schema by its hash, and for each walk the
 * run id of the server whose SCAN cursor it holds. A cursor of another process means nothing, and is dropped; a
 * checkpoint of another schema is refused. What was done after the last save is done again, which changes nothing.
 *
 * @module
 */
import { CanonicalRedisError } from '../../errors.js'
import type { Store } from './store.js'

/** What a checkpoint belongs to. */
export interface Pinned {
  readonly operation: string
  readonly schema: string
  readonly hash: string
  /** Options that change what the run does. */
  readonly options: Readonly<Record<string, unknown>>
}

/** One walk. */
export interface WalkMark {
  /** Of the process that gave the cursor. */
  readonly runId: string
  /** The slots of the server then; others came or went since. */
  readonly slots: string
  /** Where the next page begins; `done` behind the last. */
  readonly cursor: string
}

/** What a run has to give back to itself. */
export interface Memory {
  readonly counts: unknown
  readonly scanned: number
}

interface Saved extends Pinned, Memory {
  readonly format: typeof FORMAT
  readonly version: 1
  readonly savedAt: string
  readonly walks: Readonly<Record<string, WalkMark>>
}

const FORMAT = 'canonical-redis checkpoint'

/** Saved at most so often, in milliseconds: so much is done again after a kill. */
const SAVE_MS = 250

/** One checkpoint, from its opening to the end of the run. */
export class Checkpoint {
  readonly #walks: Map<string, WalkMark>
  #savedAt = Date.now()
  #saving: Promise<void> | undefined

  private constructor(
    readonly store: Store,
    readonly pinned: Pinned,
    /** Of the run that was interrupted; undefined at a fresh start. */
    readonly memory: Memory | undefined,
    walks: Readonly<Record<string, WalkMark>>,
  ) {
    this.#walks = new Map(Object.entries(walks))
  }

  /**
   * Opens what an interrupted run left, or a fresh one.
   * @throws CanonicalRedisError `E_SCHEMA_CHANGED`, `E_CHECKPOINT` (another run's), `E_BAD_FILE`
   */
  static async open(store: Store, pinned: Pinned): Promise<Checkpoint> {
    const text = await store.load()
    if (text === undefined) return new Checkpoint(store, pinned, undefined, {})
    const saved = parse(text, store)
    check(saved, pinned, store)
    return new Checkpoint(store, pinned, saved, saved.walks)
  }

  /** The cursor to go on from: `0` to begin, `done` for nothing left. Another process, or other slots: from the start. */
  cursorOf(walk: string, runId: string, slots: string): string {
    const mark = this.#walks.get(walk)
    return mark && runId !== '' && mark.runId === runId && mark.slots === slots ? mark.cursor : '0'
  }

  /** Notes how far a walk is. */
  note(walk: string, mark: WalkMark): void {
    this.#walks.set(walk, mark)
  }

  /** The marks of now, for a later {@link save}. */
  snapshot(): Readonly<Record<string, WalkMark>> {
    return Object.fromEntries(this.#walks)
  }

  /** Is it time to save? */
  get isDue(): boolean {
    return this.#saving === undefined && Date.now() - this.#savedAt >= SAVE_MS
  }

  /** Writes marks with what the run has to remember. One write at a time; the last one wins. */
  async save(walks: Readonly<Record<string, WalkMark>>, memory: Memory): Promise<void> {
    await this.#saving
    const saved: Saved = {
      format: FORMAT,
      version: 1,
      ...this.pinned,
      savedAt: new Date().toISOString(),
      walks,
      ...memory,
    }
    this.#saving = this.store.save(JSON.stringify(saved)).finally(() => {
      this.#saving = undefined
      this.#savedAt = Date.now()
    })
    await this.#saving
  }

  /** The run is through: the next one begins anew. */
  async remove(): Promise<void> {
    await this.#saving
    await this.store.remove()
  }
}

function parse(text: string, { name }: Store): Saved {
  try {
    const saved = JSON.parse(text) as Partial<Saved> | null
    if (saved?.format === FORMAT && saved.version === 1 && typeof saved.walks === 'object') return saved as Saved
  } catch {
    // Not JSON: the same sentence as for JSON of something else.
  }
  throw new CanonicalRedisError(
    'E_BAD_FILE',
    `Expected ${name} to hold a checkpoint of this package, which it does not.`,
    {
      hint: 'Name another place for the checkpoint, or remove what is there.',
    },
  )
}

function check(saved: Saved, pinned: Pinned, { name }: Store): void {
  if (saved.hash !== pinned.hash) {
    throw new CanonicalRedisError(
      'E_SCHEMA_CHANGED',
      `Expected the checkpoint ${name} to be of the schema "${pinned.schema}" (${pinned.hash}), but it was written for ` +
        `"${saved.schema}" (${saved.hash}), which maps otherwise.`,
      { hint: 'Finish with the schema that it was begun with, or remove the checkpoint to begin anew.' },
    )
  }
  const [mine, theirs] = [pinned, saved].map(({ operation, options }) => JSON.stringify({ operation, ...options }))
  if (mine === theirs) return
  throw new CanonicalRedisError('E_CHECKPOINT', `Expected the checkpoint ${name} to be of ${mine}, got ${theirs}.`, {
    hint: 'Call it again as it was called first, or name another place for the checkpoint.',
  })
}
