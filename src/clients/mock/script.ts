/**
 * EVAL, on the Lua VM that ioredis-mock brings. The mock's own EVAL has no COPY, no nested tables and no status replies.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { ReplyError, Status, type Reply } from './resp.js'

/** Runs a command for a script, at once. @throws ReplyError */
export type Call = (argv: string[]) => Reply

/** The part of fengari that is used here; it follows the C API of Lua 5.3. */
interface Fengari {
  lua: {
    LUA_OK: number
    LUA_REGISTRYINDEX: number
    LUA_TNUMBER: number
    LUA_TBOOLEAN: number
    LUA_TSTRING: number
    LUA_TTABLE: number
    lua_gettop(L: State): number
    lua_settop(L: State, index: number): void
    lua_pop(L: State, n: number): void
    lua_type(L: State, index: number): number
    lua_tostring(L: State, index: number): Uint8Array
    lua_tonumber(L: State, index: number): number
    lua_toboolean(L: State, index: number): boolean
    lua_pushnumber(L: State, value: number): void
    lua_pushinteger(L: State, value: number): void
    lua_pushboolean(L: State, value: boolean): void
    lua_pushstring(L: State, value: Uint8Array): void
    lua_pushcfunction(L: State, fn: (L: State) => number): void
    lua_createtable(L: State, size: number, records: number): void
    lua_setfield(L: State, index: number, name: Uint8Array): void
    lua_getfield(L: State, index: number, name: Uint8Array): number
    lua_setglobal(L: State, name: Uint8Array): void
    lua_getglobal(L: State, name: Uint8Array): number
    lua_rawseti(L: State, index: number, n: number): void
    lua_rawgeti(L: State, index: number, n: number): number
    lua_pcall(L: State, args: number, results: number, handler: number): number
    lua_error(L: State): never
  }
  lauxlib: {
    luaL_newstate(): State
    luaL_loadbuffer(L: State, source: Uint8Array, size: number, name: Uint8Array): number
    luaL_ref(L: State, table: number): number
  }
  lualib: { luaL_openlibs(L: State): void }
}
type State = object

const require = createRequire(import.meta.url)
const { lua, lauxlib, lualib } = createRequire(require.resolve('ioredis-mock'))('fengari') as Fengari

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const textAt = (L: State, index: number): string => Buffer.from(lua.lua_tostring(L, index)).toString('latin1')

/** The scripts of one server. */
export class Scripts {
  readonly #L = lauxlib.luaL_newstate()
  /** Compiled scripts by their SHA-1: the position in Lua's registry. */
  readonly #compiled = new Map<string, number>()
  #call: Call = () => null

  constructor() {
    lualib.luaL_openlibs(this.#L)
    this.#define('call', true)
    this.#define('pcall', false)
    // Lua 5.1, which Redis has, keeps these elsewhere.
    this.#run('unpack = table.unpack; loadstring = load; table.getn = function(t) return #t end')
  }

  /** Compiles a script, and gives its SHA-1. @throws ReplyError */
  load(source: string): string {
    const sha = createHash('sha1').update(source, 'latin1').digest('hex')
    if (this.#compiled.has(sha)) return sha
    const code = bytes(source)
    if (lauxlib.luaL_loadbuffer(this.#L, code, code.length, bytes('@user_script')) !== lua.LUA_OK) {
      throw new ReplyError(`ERR Error compiling script: ${this.#takeText()}`)
    }
    this.#compiled.set(sha, lauxlib.luaL_ref(this.#L, lua.LUA_REGISTRYINDEX))
    return sha
  }

  has(sha: string): boolean {
    return this.#compiled.has(sha.toLowerCase())
  }

  /** Runs a loaded script to its end. @throws ReplyError */
  eval(sha: string, keys: readonly string[], args: readonly string[], call: Call): Reply {
    const ref = this.#compiled.get(sha.toLowerCase())
    if (ref === undefined) throw new ReplyError('NOSCRIPT No matching script. Please use EVAL.')
    this.#call = call
    this.#global('KEYS', keys)
    this.#global('ARGV', args)
    lua.lua_rawgeti(this.#L, lua.LUA_REGISTRYINDEX, ref)
    const state = lua.lua_pcall(this.#L, 0, 1, 0)
    const reply = this.#take()
    if (state === lua.LUA_OK) {
      if (reply instanceof ReplyError) throw reply
      return reply
    }
    throw reply instanceof ReplyError ? reply : new ReplyError(`ERR ${textOf(reply)} script: ${sha}`)
  }

  #run(source: string): void {
    const code = bytes(source)
    lauxlib.luaL_loadbuffer(this.#L, code, code.length, bytes('@setup'))
    lua.lua_pcall(this.#L, 0, 0, 0)
  }

  #global(name: string, list: readonly string[]): void {
    this.#push([...list])
    lua.lua_setglobal(this.#L, bytes(name))
  }

  /** `redis.call`, which raises what went wrong, or `redis.pcall`, which returns it. */
  #define(name: 'call' | 'pcall', raises: boolean): void {
    const L = this.#L
    if (lua.lua_getglobal(L, bytes('redis')) !== lua.LUA_TTABLE) {
      lua.lua_pop(L, 1)
      lua.lua_createtable(L, 0, 2)
    }
    lua.lua_pushcfunction(L, (state) => {
      let reply: Reply
      try {
        reply = this.#call(Array.from({ length: lua.lua_gettop(state) }, (_, i) => argument(state, i + 1)))
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error
        reply = error
      }
      lua.lua_settop(state, 0)
      push(state, reply)
      if (reply instanceof ReplyError && raises) return lua.lua_error(state)
      return 1
    })
    lua.lua_setfield(L, -2, bytes(name))
    lua.lua_setglobal(L, bytes('redis'))
  }

  #push(reply: Reply): void {
    push(this.#L, reply)
  }

  #take(): Reply {
    const reply = toReply(this.#L)
    lua.lua_pop(this.#L, 1)
    return reply
  }

  #takeText(): string {
    return textOf(this.#take())
  }
}

/** What Lua says of an error of its own. */
const textOf = (reply: Reply): string => (typeof reply === 'string' ? reply : JSON.stringify(reply))

/** A number goes to a command as text: 3, not 3.0. */
function argument(L: State, index: number): string {
  const type = lua.lua_type(L, index)
  if (type === lua.LUA_TNUMBER) return String(lua.lua_tonumber(L, index))
  if (type === lua.LUA_TSTRING) return textAt(L, index)
  throw new ReplyError('ERR Lua redis lib command arguments must be strings or integers')
}

const pushNumber = (L: State, value: number): void =>
  Math.abs(value) < 2 ** 31 ? lua.lua_pushinteger(L, value) : lua.lua_pushnumber(L, value)

/** From RESP to Lua, by the rules of Redis: nil is false, a status is a table with `ok`. */
function push(L: State, reply: Reply): void {
  if (typeof reply === 'string') lua.lua_pushstring(L, bytes(reply))
  // Integers of this VM have 32 bits, too few for a time in milliseconds.
  else if (typeof reply === 'number') pushNumber(L, reply)
  else if (reply === null) lua.lua_pushboolean(L, false)
  else if (reply instanceof Status || reply instanceof ReplyError) {
    lua.lua_createtable(L, 0, 1)
    lua.lua_pushstring(L, bytes(reply instanceof Status ? reply.text : reply.message))
    lua.lua_setfield(L, -2, bytes(reply instanceof Status ? 'ok' : 'err'))
  } else {
    lua.lua_createtable(L, reply.length, 0)
    reply.forEach((one, i) => {
      push(L, one)
      lua.lua_rawseti(L, -2, i + 1)
    })
  }
}

/** From Lua to RESP: numbers lose their fraction, and a list ends at its first nil. Reads the top of the stack. */
function toReply(L: State): Reply {
  const type = lua.lua_type(L, -1)
  if (type === lua.LUA_TSTRING) return textAt(L, -1)
  if (type === lua.LUA_TNUMBER) return Math.trunc(lua.lua_tonumber(L, -1))
  if (type === lua.LUA_TBOOLEAN) return lua.lua_toboolean(L, -1) ? 1 : null
  if (type !== lua.LUA_TTABLE) return null
  const error = field(L, 'err')
  if (error !== undefined) return new ReplyError(error)
  const status = field(L, 'ok')
  if (status !== undefined) return new Status(status)
  const list: Reply[] = []
  for (let i = 1; lua.lua_rawgeti(L, -1, i) > 0; i++) {
    list.push(toReply(L))
    lua.lua_pop(L, 1)
  }
  lua.lua_pop(L, 1)
  return list
}

function field(L: State, name: string): string | undefined {
  const isText = lua.lua_getfield(L, -1, bytes(name)) === lua.LUA_TSTRING
  const text = isText ? textAt(L, -1) : undefined
  lua.lua_pop(L, 1)
  return text
}
