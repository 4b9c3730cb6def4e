import fc from 'fast-check'

const base64url = fc.string({ unit: fc.constantFrom(...'ABCXYZabcxyz0189-_'), maxLength: 60 })
const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString('base64url'))
const json = fc.json({ maxDepth: 3 }).map(encoded)
const header = fc.record({
  alg: fc.constantFrom<unknown>('HS256', 'none', 'None', 'RS256', 'HS512', '', null, 0),
  typ: fc.constantFrom<unknown>('at+jwt', 'rt+jwt', 'JWT', 'AT+JWT', undefined, 1),
  kid: fc.oneof(fc.constantFrom<unknown>('constructor', '__proto__', 'toString', '', null, 0, [], {}), fc.string())
}, { requiredKeys: [] }).map((value) => encoded(JSON.stringify(value)))

/** What an attacker may send as a token: recombined parts of genuine tokens, and arbitrary strings. */
export function tokens (genuine: string[]): fc.Arbitrary<string> {
  const parts = fc.constantFrom(...genuine.flatMap((token) => token.split('.')))
  const part = fc.oneof(parts, parts, json, header, base64url, bytes)
  const whole = fc.constantFrom(...genuine)
  return fc.oneof(
    { arbitrary: whole, weight: 3 },
    { arbitrary: fc.tuple(whole, fc.array(edits, { minLength: 1, maxLength: 3 })).map(([token, list]) => list.reduce((text, edit) => edit(text), token)), weight: 6 },
    { arbitrary: fc.array(part, { minLength: 1, maxLength: 5 }).map((list) => list.join('.')), weight: 6 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 100 }), weight: 2 },
    { arbitrary: fc.string({ unit: fc.constantFrom(...'.=;, "\\%\t'), maxLength: 30 }), weight: 2 }
  )
}

/** Edits a string at one position. */
const edits: fc.Arbitrary<(text: string) => string> = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.oneof(
  fc.constant((text: string, at: number) => text.slice(0, at)),
  fc.constant((text: string, at: number) => text.slice(at)),
  fc.constant((text: string, at: number) => text.slice(0, at) + text.slice(at + 1)),
  fc.constant((text: string, at: number) => text.slice(0, at) + text.slice(at) + text.slice(at)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }).map((more) => (text: string, at: number) => text.slice(0, at) + more + text.slice(at)),
  fc.constantFrom(...'.-_=A9 %;"').map((char) => (text: string, at: number) => text.slice(0, at) + char + text.slice(at + 1))
)).map(([where, edit]) => (text) => edit(text, Math.floor(where * text.length)))

function encoded (text: string): string {
  return Buffer.from(text).toString('base64url')
}
