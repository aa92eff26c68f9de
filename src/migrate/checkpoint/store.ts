/**
 * Where a checkpoint is kept. Either place is written as a whole or not at all.
 *
 * @module
 */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { mkdir } from 'node:fs/promises'
import type { Port } from '../../clients/port.js'
import type { Session } from '../session.js'
import type { CheckpointPlace } from '../types/index.js'

/** One text, kept. */
export interface Store {
  /** For people. */
  readonly name: string
  load(): Promise<string | undefined>
  save(text: string): Promise<void>
  remove(): Promise<void>
}

/** The store of a place. */
export const storeFor = (place: CheckpointPlace, session: Session): Store =>
  typeof place === 'string' ? fileStore(place) : keyStore(place.key, session)

function fileStore(path: string): Store {
  const file = resolve(path)
  return {
    name: file,
    async load() {
      try {
        return await readFile(file, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async save(text) {
      await mkdir(dirname(file), { recursive: true })
      // Renamed into place when it is on the disk: a kill, or a power cut, leaves the old text or the new one.
      const temporary = `${file}.${process.pid}.tmp`
      const handle = await open(temporary, 'w', 0o600)
      try {
        await handle.writeFile(text)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    },
    remove: () => rm(file, { force: true }),
  }
}

function keyStore(key: string, session: Session): Store {
  const on = async <T>(work: (port: Port) => Promise<T>): Promise<T> => {
    const slot = session.servers.slotOf(Buffer.from(key))
    const server = (await session.list()).find(({ slots }) => slots.includes(slot))
    if (server === undefined) throw new Error(`no server owns the slot of the checkpoint "${key}"`)
    const port = await session.port(server)
    return session.on(server, () => work(port))
  }
  return {
    name: `the key "${key}"`,
    load: () => on(async (port) => (await port.send(['GET', key]))?.toString()),
    save: (text) => on(async (port) => void (await port.send(['SET', key, text]))),
    remove: () => on(async (port) => void (await port.send(['DEL', key]))),
  }
}
