/**
 * Typed keys: what the text of a pattern says about its parameters. Kept cheap: two hundred families with three
 * aliases each have to type-check in about a second.
 *
 * @module
 */
import type { Constraints, HoleSchema } from './constraint.js'
import type { HoleValue, KeyOptions, Kind } from './definition.js'

/** A type error that is a sentence. No value has this type. */
export interface KeyTypeError<Sentence extends string> {
  readonly __error: Sentence
}

type WithoutStar<Hole extends string> = Hole extends `${infer Name}*` ? Name : Hole

/** The names of the holes of a pattern, as a union; `string` for a pattern whose text is not known. */
export type HolesOf<P extends string> = string extends P
  ? string
  : P extends `${string}<${infer After}`
    ? After extends `<${infer Escaped}`
      ? HolesOf<Escaped>
      : After extends `${infer Hole}>${infer Next}`
        ? WithoutStar<Hole> | HolesOf<Next>
        : never
    : never

/** The names that a pattern gives: `step:<id>` gives `step:${string}`. */
export type NameOf<P extends string> = string extends P
  ? string
  : P extends `${infer Before}<${infer After}`
    ? After extends `<${infer Escaped}`
      ? `${Before}<${NameOf<Escaped>}`
      : After extends `${string}>${infer Next}`
        ? `${Before}${string}${NameOf<Next>}`
        : string
    : P

/** What a caller may put into a constrained hole: the input of its schema, texts and numbers only. */
export type InputOf<S extends HoleSchema> = unknown extends S['_zod']['input']
  ? HoleValue
  : Extract<S['_zod']['input'], HoleValue>

type ValueOf<H extends string, C extends Constraints> = H extends keyof C ? InputOf<C[H]> : HoleValue

/** The parameters of a pattern. */
export type ParamsOf<P extends string, C extends Constraints> = {
  readonly [H in HolesOf<P>]: ValueOf<H, C>
}

/** Makes a name; a pattern without holes takes nothing. */
export type KeyFunction<P extends string, C extends Constraints> = [HolesOf<P>] extends [never]
  ? () => NameOf<P>
  : (params: ParamsOf<P, C>) => NameOf<P>

/** Options in the place of constraints: only where no hole is called `queue`, whose constraint it would be. */
export type OptionsAlone<P extends string> = string extends P
  ? { readonly queue: true }
  : 'queue' extends HolesOf<P>
    ? never
    : { readonly queue: true } & KeyOptions

/** Refuses constraints for holes that the pattern does not have. */
export type CheckConstraints<P extends string, C extends Constraints> = {
  readonly [H in Exclude<keyof C & string, HolesOf<P>>]: KeyTypeError<`The pattern has no hole <${H}>`>
}

/** Is the text of one of two patterns not known to the type checker? Then only `defineSchema` can check them. */
type Unknown<P extends string, A extends string> = string extends P ? true : string extends A ? true : false

/** Refuses an alias with a hole that the canonical pattern lacks. */
export type CheckAlias<P extends string, A extends string> =
  true extends Unknown<P, A>
    ? unknown
    : [Exclude<HolesOf<A>, HolesOf<P>>] extends [never]
      ? unknown
      : KeyTypeError<`The alias has the hole <${Exclude<HolesOf<A>, HolesOf<P>>}>, which the canonical pattern lacks`>

interface Database {
  /** The database that legacy code keeps it in, where that is not the database of the connection. */
  readonly db?: number
}
interface NoDatabase {
  /** Channels have no database. */
  readonly db?: never
}

/** Only holes with a constraint can have listed values. `{}` would accept any table, so it is `never`. */
type Renames<H extends string, C extends Constraints> = [H] extends [never]
  ? never
  : { readonly [K in H]?: Readonly<Record<string, InputOf<C[K]>>> }

/** The options of an alias, without defaults. */
export type AliasOptions<K extends Kind, A extends string, C extends Constraints> = (K extends 'key'
  ? Database
  : NoDatabase) & {
  /** Values that are spelled differently in the alias: by hole, alias value to canonical value. */
  readonly rename?: Renames<HolesOf<A> & keyof C & string, C>
}

/** The arguments behind the pattern of an alias: defaults are required for exactly the holes that it leaves out. */
export type AliasArguments<K extends Kind, P extends string, C extends Constraints, A extends string> =
  true extends Unknown<P, A>
    ? [options?: Readonly<Record<string, unknown>>]
    : [Exclude<HolesOf<P>, HolesOf<A>>] extends [never]
      ? [options?: AliasOptions<K, A, C>]
      : [
          defaultsForTheHolesItLeavesOut: AliasOptions<K, A, C> & {
            readonly [H in Exclude<HolesOf<P>, HolesOf<A>>]: ValueOf<H, C>
          },
        ]
