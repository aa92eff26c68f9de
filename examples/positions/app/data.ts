/** What the trading cache keeps of a position. */
export interface Data {
  readonly qty: number
  readonly seq: number
}
