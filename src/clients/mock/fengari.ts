/**
 * Fengari, a Lua VM in JavaScript, by the few functions that are used of it. It has no types of its own.
 *
 * @module
 */
import { findPackage, findThrough, missing } from './packages.js'

/** The part of fengari that is used here; it follows the C API of Lua 5.3. */
export interface Fengari {
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
    lua_pushnil(L: State): void
    lua_next(L: State, index: number): number
  }
  lauxlib: {
    luaL_newstate(): State
    luaL_where(L: State, level: number): void
    luaL_loadbuffer(L: State, source: Uint8Array, size: number, name: Uint8Array): number
    luaL_ref(L: State, table: number): number
  }
  lualib: { luaL_openlibs(L: State): void }
}
/** A VM. */
export type State = object

/** What works on a VM. */
export type Lua = Fengari['lua']

const CONFIG = 'FENGARICONF'

/** Loads the VM so that it writes 10 / 2 as 5, as the Lua of Redis does, and not as 5.0. It reads this while it loads. */
function asLua51<T>(load: () => T): T {
  const before = process.env[CONFIG]
  process.env[CONFIG] = JSON.stringify({ LUA_COMPAT_FLOATSTRING: true })
  try {
    return load()
  } finally {
    if (before === undefined) delete process.env[CONFIG]
    else process.env[CONFIG] = before
  }
}

/** The VM. @throws {@link CanonicalRedisError} `E_MISSING_PACKAGE` */
export function loadFengari(): Fengari {
  const found = asLua51(() => findPackage('fengari') ?? findThrough('ioredis-mock', 'fengari'))
  return (found ??
    missing(
      'ioredis-mock',
      'the Lua that it runs scripts on',
      'npm install --save-dev ioredis-mock; beside ioredis 6, which it does not allow for, install its Lua alone: ' +
        'npm install --save-dev fengari',
    )) as Fengari
}
