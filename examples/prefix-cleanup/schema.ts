/**
 * The mapping, as data: five kinds of key under an old prefix, and what each is called from now on.
 *
 * @module
 */
import { defineSchema, key } from 'canonical-redis'
import { z } from 'zod'

const OLD = 'josancamon:rayban-meta-glasses-api'

/** Words that stand behind the prefix in the other four. Each of them can be read as base64, and none of them is. */
const words = ['reminder', 'conversation_history', 'user_profile', 'cancellation']
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** A catch-all stands behind the specific rules by itself: the most specific one wins, in whatever order they are written. */
const hash = z.string().refine((text) => base64.test(text) && !words.includes(text))

/** The families have the names that the report's counters have: `cache_keys`, `reminder_keys`, … */
export const schema = defineSchema({
  name: 'prefix-cleanup',
  keys: {
    cache: key('meta-glasses:cache:generic:<hash>', { hash }).alias(`${OLD}:<hash>`),
    reminder: key('meta-glasses:reminder:event:<event_id>').alias(`${OLD}:reminder:<event_id>`),
    user_history: key('meta-glasses:user:history:<user_id>').alias(`${OLD}:conversation_history:<user_id>`),
    user_profile: key('meta-glasses:user:profile:<user_id>').alias(`${OLD}:user_profile:<user_id>`),
    cancellation: key('meta-glasses:state:cancellation:wa:<user_id>').alias(`${OLD}:cancellation:wa:<user_id>`),
  },
})

/** What the application keeps in each. A key of another type is left where it is, and listed. */
export const types = {
  cache: 'string',
  reminder: 'hash',
  user_history: 'list',
  user_profile: 'hash',
  cancellation: 'string',
} as const
