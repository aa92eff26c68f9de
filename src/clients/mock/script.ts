/**
 * EVAL, on the Lua VM that ioredis-mock brings. The EVAL of ioredis-mock itself has no COPY, no nested tables and no
 * status replies.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { loadFengari, type Lua, type State } from './fengari.js'
import { LACKS } from './lacks.js'
import { ReplyError, Status, type Reply } from './resp.js'

/** Runs a command for a script, at once. @throws ReplyError */
export type Call = (argv: string[]) => Reply

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const textAt = (lua: Lua, L: State, index: number): string => Buffer.from(lua.lua_tostring(L, index)).toString('latin1')

/** What Lua 5.1, which Redis has, keeps elsewhere, and the parts of `redis` that need no server. */
const SETUP = `unpack = table.unpack; loadstring = load; table.getn = function(t) return #t end
math.pow = function(x, y) return x ^ y end
redis.error_reply = function(text) return { err = text } end
redis.status_reply = function(text) return { ok = text } end
redis.log = function() end
KEYS = {} ARGV = {}
for _, name in ipairs({ 'dofile', 'loadfile', 'require', 'package', 'io', 'print', 'utf8', 'debug' }) do _G[name] = nil end
local absent = { cjson = true, cmsgpack = true, struct = true, bit = true }
setmetatable(_G, {
  __newindex = function() error('Attempt to modify a readonly table', 2) end,
  __index = function(_, name)
    if absent[name] then error({ err = "ERR unknown command '" .. name .. "', ${LACKS}" }) end
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
})`

/** Replies that RESP3 shapes otherwise, as a script sees them after `redis.setresp(3)`. */
const shapes: Readonly<Record<string, 'set' | 'map' | 'double'>> = {
  smembers: 'set',
  sinter: 'set',
  sunion: 'set',
  sdiff: 'set',
  spop: 'set',
  hgetall: 'map',
  zscore: 'double',
}

/** The scripts of one server. */
export class Scripts {
  readonly #fengari = loadFengari()
  readonly #lua = this.#fengari.lua
  readonly #L = this.#fengari.lauxlib.luaL_newstate()
  /** Compiled scripts by their SHA-1: the position in Lua's registry. */
  readonly #compiled = new Map<string, number>()
  #call: Call = () => null
  #isResp3 = false
  /** Where the last error of a command came from. */
  #where = ''

  constructor() {
    this.#fengari.lualib.luaL_openlibs(this.#L)
    this.#define('call', (state) => this.#called(state, true))
    this.#define('pcall', (state) => this.#called(state, false))
    this.#define('setresp', (state) => {
      this.#isResp3 = this.#lua.lua_tonumber(state, 1) === 3
      return 0
    })
    this.#define('sha1hex', (state) => {
      this.#push(
        createHash('sha1')
          .update(textAt(this.#lua, state, 1), 'latin1')
          .digest('hex'),
      )
      return 1
    })
    this.#run(SETUP)
  }

  /** Compiles a script, and gives its SHA-1. @throws ReplyError */
  load(source: string): string {
    const sha = createHash('sha1').update(source, 'latin1').digest('hex')
    if (this.#compiled.has(sha)) return sha
    const { lauxlib } = this.#fengari
    const code = bytes(source)
    if (lauxlib.luaL_loadbuffer(this.#L, code, code.length, bytes('@user_script')) !== this.#lua.LUA_OK) {
      throw new ReplyError(`ERR Error compiling script (new function): ${textOf(this.#take())}`)
    }
    this.#compiled.set(sha, lauxlib.luaL_ref(this.#L, this.#lua.LUA_REGISTRYINDEX))
    return sha
  }

  has(sha: string): boolean {
    return this.#compiled.has(sha.toLowerCase())
  }

  /** Forgets every script. */
  flush(): void {
    this.#compiled.clear()
  }

  /** Runs a loaded script to its end. @throws ReplyError */
  eval(sha: string, keys: readonly string[], args: readonly string[], call: Call): Reply {
    const ref = this.#compiled.get(sha.toLowerCase())
    if (ref === undefined) throw new ReplyError('NOSCRIPT No matching script. Please use EVAL.')
    this.#call = call
    this.#isResp3 = false
    this.#global('KEYS', keys)
    this.#global('ARGV', args)
    this.#lua.lua_rawgeti(this.#L, this.#lua.LUA_REGISTRYINDEX, ref)
    const state = this.#lua.lua_pcall(this.#L, 0, 1, 0)
    const reply = this.#take()
    if (state === this.#lua.LUA_OK) {
      if (reply instanceof ReplyError) throw reply
      return reply
    }
    const message = reply instanceof ReplyError ? reply.message : `ERR ${textOf(reply)}`
    const line = /user_script:(\d+)/.exec(reply instanceof ReplyError ? this.#where : message)?.[1] ?? '1'
    throw new ReplyError(`${message} script: ${sha}, on @user_script:${line}.`)
  }

  #run(source: string): void {
    const code = bytes(source)
    this.#fengari.lauxlib.luaL_loadbuffer(this.#L, code, code.length, bytes('@setup'))
    this.#lua.lua_pcall(this.#L, 0, 0, 0)
  }

  #global(name: string, list: readonly string[]): void {
    this.#push([...list])
    this.#lua.lua_setglobal(this.#L, bytes(name))
  }

  /** A function of `redis`. */
  #define(name: string, run: (state: State) => number): void {
    const [L, lua] = [this.#L, this.#lua]
    if (lua.lua_getglobal(L, bytes('redis')) !== lua.LUA_TTABLE) {
      lua.lua_pop(L, 1)
      lua.lua_createtable(L, 0, 8)
    }
    lua.lua_pushcfunction(L, run)
    lua.lua_setfield(L, -2, bytes(name))
    lua.lua_setglobal(L, bytes('redis'))
  }

  /** `redis.call`, which raises what went wrong, or `redis.pcall`, which returns it. */
  #called(state: State, raises: boolean): number {
    const lua = this.#lua
    let reply: Reply
    let name = ''
    try {
      const argv = Array.from({ length: lua.lua_gettop(state) }, (_, i) => argument(lua, state, i + 1))
      name = (argv[0] ?? '').toLowerCase()
      reply = this.#call(argv)
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error
      reply = error
    }
    lua.lua_settop(state, 0)
    if (this.#isResp3) this.#pushShaped(reply, shapes[name])
    else this.#push(reply)
    if (!(reply instanceof ReplyError && raises)) return 1
    this.#fengari.lauxlib.luaL_where(state, 1)
    this.#where = textAt(lua, state, -1)
    lua.lua_pop(state, 1)
    return lua.lua_error(state)
  }

  #push(reply: Reply): void {
    push(this.#lua, this.#L, reply)
  }

  /** As RESP3 has it: no value is nil, and sets, maps and doubles are tables that say so. */
  #pushShaped(reply: Reply, shape: (typeof shapes)[string] | undefined): void {
    const [L, lua] = [this.#L, this.#lua]
    if (reply === null) return lua.lua_pushnil(L)
    if (shape === undefined || (shape === 'double') !== (typeof reply === 'string')) return this.#push(reply)
    if (!Array.isArray(reply) && shape !== 'double') return this.#push(reply)
    lua.lua_createtable(L, 0, 1)
    if (Array.isArray(reply)) {
      lua.lua_createtable(L, 0, reply.length)
      const step = shape === 'map' ? 2 : 1
      for (let at = 0; at < reply.length; at += step) {
        if (step === 2) this.#push(reply[at + 1] as Reply)
        else lua.lua_pushboolean(L, true)
        lua.lua_setfield(L, -2, bytes(reply[at] as string))
      }
    } else lua.lua_pushnumber(L, Number(reply))
    lua.lua_setfield(L, -2, bytes(shape))
  }

  #take(): Reply {
    const reply = toReply(this.#lua, this.#L)
    this.#lua.lua_pop(this.#L, 1)
    return reply
  }
}

/** What Lua says of an error of its own. */
const textOf = (reply: Reply): string => (typeof reply === 'string' ? reply : JSON.stringify(reply))

/** As C writes it with `%.17g`. */
function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return String(value)
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '-nan' : value > 0 ? 'inf' : '-inf'
  const [, digits = '', exponent = '0'] = /^(.*)e(.*)$/.exec(value.toExponential(16)) ?? []
  const power = Number(exponent)
  if (power >= -4 && power < 17) return value.toPrecision(17).replace(/\.?0+$/, '')
  const [sign, size] = power < 0 ? ['-', -power] : ['+', power]
  return `${digits.replace(/\.?0+$/, '')}e${sign}${String(size).padStart(2, '0')}`
}

/** A number goes to a command as text: 3, not 3.0. */
function argument(lua: Lua, L: State, index: number): string {
  const type = lua.lua_type(L, index)
  if (type === lua.LUA_TNUMBER) return numberText(lua.lua_tonumber(L, index))
  if (type === lua.LUA_TSTRING) return textAt(lua, L, index)
  throw new ReplyError('ERR Lua redis lib command arguments must be strings or integers')
}

/** From RESP to Lua, by the rules of Redis: nil is false, a status is a table with `ok`. */
function push(lua: Lua, L: State, reply: Reply): void {
  if (typeof reply === 'string') lua.lua_pushstring(L, bytes(reply))
  else if (typeof reply === 'number') {
    // Integers of this VM have 32 bits, too few for a time in milliseconds.
    if (Math.abs(reply) < 2 ** 31) lua.lua_pushinteger(L, reply)
    else lua.lua_pushnumber(L, reply)
  } else if (typeof reply === 'bigint') lua.lua_pushnumber(L, Number(reply))
  else if (reply === null) lua.lua_pushboolean(L, false)
  else if (reply instanceof Status || reply instanceof ReplyError) {
    lua.lua_createtable(L, 0, 1)
    lua.lua_pushstring(L, bytes(reply instanceof Status ? reply.text : reply.message))
    lua.lua_setfield(L, -2, bytes(reply instanceof Status ? 'ok' : 'err'))
  } else {
    lua.lua_createtable(L, reply.length, 0)
    reply.forEach((one, i) => {
      push(lua, L, one)
      lua.lua_rawseti(L, -2, i + 1)
    })
  }
}

/** From Lua to RESP: numbers lose their fraction, and a list ends at its first nil. Reads the top of the stack. */
function toReply(lua: Lua, L: State): Reply {
  const type = lua.lua_type(L, -1)
  if (type === lua.LUA_TSTRING) return textAt(lua, L, -1)
  if (type === lua.LUA_TNUMBER) return Math.trunc(lua.lua_tonumber(L, -1))
  if (type === lua.LUA_TBOOLEAN) return lua.lua_toboolean(L, -1) ? 1 : null
  if (type !== lua.LUA_TTABLE) return null
  const error = field(lua, L, 'err')
  if (error !== undefined) return new ReplyError(error)
  const status = field(lua, L, 'ok')
  if (status !== undefined) return new Status(status)
  const members = setIn(lua, L)
  if (members !== undefined) return members
  const list: Reply[] = []
  for (let i = 1; lua.lua_rawgeti(L, -1, i) > 0; i++) {
    list.push(toReply(lua, L))
    lua.lua_pop(L, 1)
  }
  lua.lua_pop(L, 1)
  return list
}

function field(lua: Lua, L: State, name: string): string | undefined {
  const isText = lua.lua_getfield(L, -1, bytes(name)) === lua.LUA_TSTRING
  const text = isText ? textAt(lua, L, -1) : undefined
  lua.lua_pop(L, 1)
  return text
}

/** The members of a set in the shape of RESP3: the keys of the table `set`. */
function setIn(lua: Lua, L: State): string[] | undefined {
  if (lua.lua_getfield(L, -1, bytes('set')) !== lua.LUA_TTABLE) {
    lua.lua_pop(L, 1)
    return undefined
  }
  const members: string[] = []
  lua.lua_pushnil(L)
  while (lua.lua_next(L, -2) !== 0) {
    members.push(textAt(lua, L, -2))
    lua.lua_pop(L, 1)
  }
  lua.lua_pop(L, 1)
  return members
}
