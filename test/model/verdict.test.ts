import t from 'tap'
import type { Session } from '../../index.ts'
import type { RotationWindows } from '../../lib/config.ts'
import { decide, isAhead } from '../../lib/sessions/rotation.ts'
import type { PresentedToken } from '../../lib/sessions/rotation.ts'

// Reuse of a token ends its session, whatever has been written to the session's record in the meantime. This is correct as long as
// no later write can make the token valid again. The proof is by induction: for every record, every token that counts as reuse for
// it, and every write that the rules allow on it, the token still counts as reuse. This needs no search, and no assumption about
// which states can be reached.

const HASHES = ['a', 'b', 'c', 'd']
const GENERATIONS = [0, 1, 2, 3, 4, 5]
/** Around the ends of windows of 2 and 3, and in the future, for a server whose clock is ahead. */
const TIMES = [-9, -3, -2, -1, 0, 1]
const LATER = [0, 2, 9]

const SETTINGS: Record<string, RotationWindows> = {
  default: { expiresIn: 100, overlap: 2, retryWindow: Infinity, recoveryWindow: 3, rotate: true },
  'with a retry window that ends': { expiresIn: 100, overlap: 2, retryWindow: 3, recoveryWindow: 3, rotate: true },
  strict: { expiresIn: 100, overlap: 0, retryWindow: 0, recoveryWindow: 0, rotate: true },
  'without rotation': { expiresIn: 100, overlap: 2, retryWindow: Infinity, recoveryWindow: 3, rotate: false }
}

function * records (): Generator<Session> {
  for (const generation of [0, 1, 2]) {
    for (const rotatedAt of TIMES) yield { generation, current: 'a', rotatedAt, expiresAt: 100, endsAt: 100 } as Session
  }
}

function * tokens (): Generator<PresentedToken> {
  for (const generation of GENERATIONS) {
    for (const hash of HASHES) {
      for (const parent of HASHES) {
        if (hash === parent) continue
        for (const issuedAt of TIMES) yield { generation, hash, parent, issuedAt, endsAt: 100, idleLife: null, device: null, adoptedKey: null }
      }
    }
  }
}

for (const [name, windows] of Object.entries(SETTINGS)) {
  t.test(`${name}: a token that is reuse, and not ahead, never becomes good again`, async (t) => {
    let cases = 0
    let revived = 0
    for (const record of records()) {
      const condemned = [...tokens()].filter((token) => decide(record, token, 0, windows).type === 'reuse' && !isAhead(record, token))
      for (const token of condemned) {
        for (const now of LATER) if (decide(record, token, now, windows).type !== 'reuse') revived++
      }
      for (const writer of tokens()) {
        const decision = decide(record, writer, 0, windows)
        if (decision.type !== 'accept' || decision.write === null) continue
        const after = { ...record, ...decision.write, expiresAt: 100 }
        for (const token of condemned) {
          // Tokens with the same hash are the same token.
          if (token.hash === writer.hash && (token.generation !== writer.generation || token.parent !== writer.parent)) continue
          for (const now of LATER) {
            cases++
            if (decide(after, token, now, windows).type !== 'reuse') revived++
          }
        }
      }
    }
    t.equal(revived, 0, `of ${cases}`)
    t.ok(cases > 10_000)
  })
}

t.test('one that is ahead can: the record may be one from before a failover, and its next write be the one that was lost', async (t) => {
  const { default: windows } = SETTINGS as { default: RotationWindows }
  const record = { generation: 1, current: 'a', rotatedAt: -9, expiresAt: 100, endsAt: 100 } as Session
  const token: PresentedToken = { generation: 3, hash: 'c', parent: 'b', issuedAt: -3, endsAt: 100, idleLife: null, device: null, adoptedKey: null }
  t.equal(decide(record, token, 0, windows).type, 'reuse', 'too old for a recovery')
  t.ok(isAhead(record, token))
  t.equal(decide({ ...record, generation: 2, current: 'b' }, token, 0, windows).type, 'accept')
})
