/**
 * PUBLISH and SUBSCRIBE between the connections of the server in memory.
 *
 * @module
 */
import { glob } from './command.js'
import { lackingWord } from './lacks.js'
import type { Reply } from './resp.js'

/** Who can be sent a message. */
export interface Subscriber {
  push(message: Reply): void
}

type Verb = 'subscribe' | 'unsubscribe' | 'psubscribe' | 'punsubscribe'

/** Who listens to what. */
export class Channels {
  readonly #names = new Map<Subscriber, Set<string>>()
  readonly #patterns = new Map<Subscriber, Set<string>>()

  /** Is it in subscriber mode? */
  has(subscriber: Subscriber): boolean {
    return this.#count(subscriber) > 0
  }

  leave(subscriber: Subscriber): void {
    this.#names.delete(subscriber)
    this.#patterns.delete(subscriber)
  }

  /** Answers by itself, once for each name. */
  change(subscriber: Subscriber, verb: Verb, names: readonly string[]): undefined {
    const lists = verb.startsWith('p') ? this.#patterns : this.#names
    const own = lists.get(subscriber) ?? new Set<string>()
    lists.set(subscriber, own)
    const adds = verb.endsWith('subscribe') && !verb.includes('un')
    const wanted: (string | null)[] = names.length > 0 || adds ? [...names] : [...own]
    for (const name of wanted.length > 0 ? wanted : [null]) {
      if (name !== null && adds) own.add(name)
      else if (name !== null) own.delete(name)
      subscriber.push([verb, name, this.#count(subscriber)])
    }
    return undefined
  }

  /** How many were sent it. */
  publish(channel: string, message: string): number {
    let sent = 0
    for (const [subscriber, names] of this.#names) {
      if (!names.has(channel)) continue
      subscriber.push(['message', channel, message])
      sent++
    }
    for (const [subscriber, patterns] of this.#patterns) {
      for (const pattern of patterns) {
        if (!glob(pattern).test(channel)) continue
        subscriber.push(['pmessage', pattern, channel, message])
        sent++
      }
    }
    return sent
  }

  /** PUBSUB CHANNELS, NUMSUB and NUMPAT. */
  ask([word = '', ...rest]: readonly string[]): Reply {
    const counts = new Map<string, number>()
    for (const names of this.#names.values()) for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    const answers: Record<string, () => Reply> = {
      channels: () => [...counts.keys()].filter((name) => glob(rest[0] ?? '*').test(name)),
      numsub: () => rest.flatMap((name) => [name, counts.get(name) ?? 0]),
      numpat: () => new Set([...this.#patterns.values()].flatMap((patterns) => [...patterns])).size,
    }
    const answer = answers[word.toLowerCase()]
    if (answer === undefined) throw lackingWord('pubsub', word)
    return answer()
  }

  #count(subscriber: Subscriber): number {
    return (this.#names.get(subscriber)?.size ?? 0) + (this.#patterns.get(subscriber)?.size ?? 0)
  }
}
