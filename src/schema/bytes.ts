/**
 * Names as bytes. The schema floor works on one kind of string: every character is one byte (latin1), whatever the
 * caller gave. So a Buffer that is not UTF-8 survives, and there is one matcher instead of two.
 *
 * @module
 */

const NON_ASCII = /[\u0080-\uffff]/

/** Can the text and its bytes be told apart? For ASCII, by far the most common, they are the same string. */
export const isAscii = (text: string): boolean => !NON_ASCII.test(text)

/** The UTF-8 bytes of a text, one character each. */
export const toBytes = (text: string): string => (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1'))

/** The text that the bytes spell; bytes that are not UTF-8 become U+FFFD. */
export const toText = (bytes: string): string =>
  isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')

/** The bytes as the caller wants them: a Buffer for a Buffer. */
export const toBuffer = (bytes: string): Buffer => Buffer.from(bytes, 'latin1')
