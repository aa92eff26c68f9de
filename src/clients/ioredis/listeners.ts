/**
 * Listeners of message events get the channel names that the caller subscribed to.
 *
 * @module
 */
import { messageEvents, type Subscriptions } from './subscriptions.js'
import type { RawClient } from './types.js'

type Listener = (...args: unknown[]) => void

/**
 * How a translated listener is added. `once` is kept by the wrapper itself: Node would take it away at the first event,
 * which may be the second copy of a message and not delivered at all.
 */
const adders = {
  on: { method: 'on', once: false },
  addListener: { method: 'on', once: false },
  once: { method: 'on', once: true },
  prependListener: { method: 'prependListener', once: false },
  prependOnceListener: { method: 'prependListener', once: true },
} as const
const removers = ['off', 'removeListener'] as const

/**
 * The EventEmitter methods of a facade. Listeners of other events go to the client as they are; those of messages are
 * wrapped, and the wrapper carries the original as `listener`, by which Node's own `off` finds it.
 */
export function listenersFor(
  client: RawClient,
  facade: RawClient,
  subscriptions: Subscriptions,
): Record<string, unknown> {
  const methods: Record<string, unknown> = {}
  for (const [name, { method, once }] of Object.entries(adders)) {
    methods[name] = (event: string, listener: Listener) => {
      if (messageEvents.has(event)) client[method](event, translated(event, listener, once))
      else client[name as keyof typeof adders](event, listener)
      return facade
    }
  }
  for (const name of removers) {
    methods[name] = (event: string, listener: Listener) => {
      client[name](event, listener)
      return facade
    }
  }
  return methods

  function translated(event: string, listener: Listener, once: boolean): Listener {
    const wrapper = (...args: unknown[]): void => {
      for (const shown of subscriptions.deliver(event, args)) {
        if (once) client.off(event, wrapper)
        listener.apply(facade, [...shown])
        if (once) return
      }
    }
    return Object.assign(wrapper, { listener })
  }
}
