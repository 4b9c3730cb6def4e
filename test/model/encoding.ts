import { DEAD, KINDS } from './world.ts'
import type { Message, Stored, Token, World } from './world.ts'

// Encodes a world as a short string with one character per token or record, because a Map must hold millions of them.

const STORE = ['sound', 'fallen', 'worn', 'emptied'] as const
const OLD = ['none', 'new', 'traded in'] as const
const REGISTRATION = ['none', 'offered'] as const
const THIEF = ['absent', 'waits', 'plays'] as const
const WITH_TOKEN = 8 // the bit above the kind of a message
const NO_DISK = '\uffff'
/** With `rejuvenates`, a token starts with a negative age, of at most this many ticks. */
const YOUNGEST = 2

export function encode ({ records, store, old, jar, registration, bound, disk, flight, idle, thief, pocket, refreshes }: World): string {
  let text = String.fromCharCode(
    REGISTRATION.indexOf(registration) << 12 | OLD.indexOf(old) << 10 | STORE.indexOf(store) << 8 | records.length << 4 | flight.length,
    idle << 8 | refreshes << 2 | THIEF.indexOf(thief),
    bound
  )
  for (const { current, generation, age } of records) text += pack(0, generation, current, age)
  text += packToken(jar)
  text += disk === null ? NO_DISK : pack(0, 0, 0, disk.behind) + packToken(disk.token)
  for (const { kind, token, age } of flight) {
    text += pack(0, 0, age, KINDS.indexOf(kind) | (token === null ? 0 : WITH_TOKEN))
    if (token !== null) text += packToken(token)
  }
  for (const token of pocket) text += packToken(token)
  return text
}

export function decode (text: string): World {
  let at = 0
  const next = (): number => text.charCodeAt(at++)
  const token = (): Token => {
    const code = next()
    return code === 0 ? DEAD : { generation: code >> 12, id: code >> 8 & 15, parent: code >> 4 & 15, age: (code & 15) - YOUNGEST }
  }
  const lengths = next()
  const rest = next()
  const bound = next()
  const records: Stored[] = []
  for (let left = lengths >> 4 & 15; left > 0; left--) {
    const code = next()
    records.push({ generation: code >> 8, current: code >> 4 & 15, age: code & 15 })
  }
  const jar = token()
  const behind = text[at++] as string
  const disk = behind === NO_DISK ? null : { behind: behind.charCodeAt(0), token: token() }
  const flight: Message[] = []
  for (let left = lengths & 15; left > 0; left--) {
    const code = next()
    flight.push({ kind: KINDS[code & 7]!, age: code >> 4, token: (code & WITH_TOKEN) === 0 ? null : token() })
  }
  const pocket: Token[] = []
  while (at < text.length) pocket.push(token())
  return { records, store: STORE[lengths >> 8 & 3]!, old: OLD[lengths >> 10 & 3]!, jar, registration: REGISTRATION[lengths >> 12]!, bound, disk, flight, idle: rest >> 8, refreshes: rest >> 2 & 63, thief: THIEF[rest & 3]!, pocket }
}

function packToken (token: Token): string {
  return token === DEAD ? '\0' : pack(token.generation, token.id, token.parent, token.age + YOUNGEST)
}

function pack (...nibbles: [number, number, number, number]): string {
  let code = 0
  for (const nibble of nibbles) {
    if (nibble < 0 || nibble > 15) throw new RangeError(`${nibble} does not fit into four bits`)
    code = code << 4 | nibble
  }
  return String.fromCharCode(code)
}
