/**
 * A number for a text, of 32 bits and a sign: quick, and for texts that are random only. Whoever chooses them can make
 * many of one number.
 *
 * @param start the first character that counts; a text that is shorter counts whole
 */
export function hashText (text: string, start: number): number {
  let value = 0
  for (let i = start; i < text.length; i++) value = Math.imul(value, 31) + text.charCodeAt(i) | 0
  return value
}
