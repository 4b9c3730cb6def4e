import t from 'tap'
import type { Session } from '../../index.ts'
import { decide, firstGuess } from '../../lib/sessions/rotation.ts'
import type { RotationWindows } from '../../lib/config.ts'
import type { PresentedToken } from '../../lib/sessions/rotation.ts'

const NOW = 1_800_000_000_000
const SECOND = 1000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR

const windows: RotationWindows = { expiresIn: 7 * DAY, overlap: 10 * SECOND, retryWindow: Infinity, recoveryWindow: DAY, rotate: true }
const strict: RotationWindows = { ...windows, overlap: 0, retryWindow: 0, recoveryWindow: 0 }
const fixed: RotationWindows = { ...windows, rotate: false }

/** A session that reached generation 5 an hour ago. */
const session: Session = {
  id: 'session-1',
  subject: 'user-1',
  generation: 5,
  current: 'hash-5',
  createdAt: NOW - DAY,
  rotatedAt: NOW - HOUR,
  expiresAt: NOW + 6 * DAY,
  endsAt: NOW + 29 * DAY,
  boundTo: null,
  claims: { sub: 'user-1' },
  metadata: {}
}
/** The token that the client has now, issued when generation 5 was confirmed. */
const next: PresentedToken = { generation: 6, hash: 'hash-6', parent: 'hash-5', issuedAt: NOW - HOUR, endsAt: session.endsAt, idleLife: null, device: null, adoptedKey: null }
/** The token that was last used. */
const used: PresentedToken = { generation: 5, hash: 'hash-5', parent: 'hash-4', issuedAt: NOW - 2 * HOUR, endsAt: session.endsAt, idleLife: null, device: null, adoptedKey: null }

const loggedIn: Session = { ...session, generation: 0, current: 'root', rotatedAt: session.createdAt }
const loginToken: PresentedToken = { generation: 1, hash: 'hash-1', parent: 'root', issuedAt: session.createdAt, endsAt: session.endsAt, idleLife: null, device: null, adoptedKey: null }

const idleAnew = NOW + 7 * DAY
const confirmed6 = { generation: 6, current: 'hash-6', rotatedAt: NOW, expiresAt: idleAnew }

t.test('gone: without a living record the answer is 403, and no reuse', async (t) => {
  const revoked = { type: 'gone', code: 'revoked' }
  const expired = { type: 'gone', code: 'expired' }

  t.strictSame(decide(null, next, NOW, windows), revoked, 'no record, and the token could still be good: revoked')
  t.strictSame(decide(null, { ...next, issuedAt: NOW - 7 * DAY }, NOW, windows), expired, 'no record, and it was not used for the idle life')
  t.strictSame(decide(null, { ...next, issuedAt: NOW - 7 * DAY + 1 }, NOW, windows), revoked, 'a millisecond before that')
  t.strictSame(decide(null, { ...next, endsAt: NOW }, NOW, windows), expired, 'no record, and its absolute end has come')
  t.strictSame(decide(null, { ...next, endsAt: NOW + 1 }, NOW, windows), revoked, 'a millisecond before that')
  t.strictSame(decide({ ...session, expiresAt: NOW }, next, NOW, windows), revoked, 'the record is idle-expired')
  t.match(decide({ ...session, expiresAt: NOW + 1 }, next, NOW, windows), { case: 'confirm' }, 'a millisecond before that')
  t.strictSame(decide({ ...session, endsAt: NOW }, next, NOW, windows), revoked, 'the record is past its absolute end')
  t.strictSame(decide({ ...session, expiresAt: NOW }, { ...used, generation: 2 }, NOW, windows), revoked, 'an old token of an ended session is no reuse')
})

t.test('confirm: the next token, as old as overlap, is confirmed and has a child', async (t) => {
  const accept = { type: 'accept', case: 'confirm', child: true, write: confirmed6 }
  t.strictSame(decide(session, next, NOW, windows), accept)
  t.strictSame(decide(session, { ...next, issuedAt: NOW - 10 * SECOND }, NOW, windows), accept, 'at the edge')
  t.strictSame(firstGuess(next, NOW, windows), confirmed6, 'and its write needs no read')
})

t.test('confirm: the login\'s token is never young', async (t) => {
  const justIssued = { ...loginToken, issuedAt: NOW }
  const write = { generation: 1, current: 'hash-1', rotatedAt: NOW, expiresAt: idleAnew }
  t.strictSame(decide(loggedIn, justIssued, NOW, windows), { type: 'accept', case: 'confirm', child: true, write })
  t.strictSame(firstGuess(justIssued, NOW, windows), write)
})

t.test('confirm: the idle end never passes the absolute end', async (t) => {
  const endsAt = NOW + DAY
  t.match(decide({ ...session, endsAt }, { ...next, endsAt }, NOW, windows), { write: { expiresAt: endsAt } })
  t.match(firstGuess({ ...next, endsAt }, NOW, windows), { expiresAt: endsAt })
})

t.test('young: the next token, younger than overlap, gives an access token and changes nothing', async (t) => {
  const accept = { type: 'accept', case: 'young', child: false, write: null }
  const young = { ...next, issuedAt: NOW - 10 * SECOND + 1 }
  t.strictSame(decide(session, young, NOW, windows), accept, 'at the edge')
  t.equal(firstGuess(young, NOW, windows), null, 'so that it must be read')
  t.strictSame(decide(session, { ...next, issuedAt: NOW + 5 * SECOND }, NOW, windows), accept, 'a negative age, of clocks that differ, counts as 0')
})

t.test('retry: the token used last gives, within overlap, an access token only', async (t) => {
  const accept = { type: 'accept', case: 'retry', child: false, write: null }
  t.strictSame(decide({ ...session, rotatedAt: NOW }, used, NOW, windows), accept)
  t.strictSame(decide({ ...session, rotatedAt: NOW - 10 * SECOND + 1 }, used, NOW, windows), accept, 'at the edge')
  t.strictSame(decide({ ...session, rotatedAt: NOW + SECOND }, used, NOW, windows), accept, 'a negative age counts as 0')
})

t.test('retry: later, within retryWindow, it gives another child and moves the idle end alone', async (t) => {
  const rotatedAt = NOW - 10 * SECOND
  const accept = { type: 'accept', case: 'retry', child: true, write: { generation: 5, current: 'hash-5', rotatedAt, expiresAt: idleAnew } }
  t.strictSame(decide({ ...session, rotatedAt }, used, NOW, windows), accept, 'rotatedAt stays: the window is not opened anew')

  const minute = { ...windows, retryWindow: 60 * SECOND }
  t.match(decide({ ...session, rotatedAt: NOW - 60 * SECOND + 1 }, used, NOW, minute), { case: 'retry' }, 'at the edge of a window that ends')
  t.strictSame(decide({ ...session, rotatedAt: NOW - 60 * SECOND }, used, NOW, minute), { type: 'reuse' }, 'after it')
})

t.test('ahead: the store lost its last writes, and the token is confirmed as it stands', async (t) => {
  const ahead = { ...next, generation: 8, hash: 'hash-8', parent: 'hash-7' }
  const write = { generation: 8, current: 'hash-8', rotatedAt: NOW, expiresAt: idleAnew }
  t.strictSame(decide(session, ahead, NOW, windows), { type: 'accept', case: 'ahead', child: true, write })
  t.match(decide(session, { ...ahead, issuedAt: NOW - DAY + 1 }, NOW, windows), { case: 'ahead' }, 'at the edge of the window')
  t.strictSame(decide(session, { ...ahead, issuedAt: NOW - DAY }, NOW, windows), { type: 'reuse' }, 'after it')

  const young = { type: 'accept', case: 'young', child: false, write: null }
  t.strictSame(decide(session, { ...ahead, issuedAt: NOW - 10 * SECOND + 1 }, NOW, windows), young, 'a young one gets an access token until it is old enough')
  t.match(decide(session, { ...ahead, issuedAt: NOW - 10 * SECOND }, NOW, windows), { case: 'ahead' }, 'at the edge')
  t.strictSame(decide(session, { ...ahead, issuedAt: NOW }, NOW, { ...windows, recoveryWindow: 0 }), { type: 'reuse' }, 'where nothing is recovered, not even that')
})

t.test('reuse: anything else', async (t) => {
  const reuse = { type: 'reuse' }
  t.strictSame(decide(session, { ...used, generation: 4, hash: 'hash-4', parent: 'hash-3' }, NOW, windows), reuse, 'an older token')
  t.strictSame(decide(session, { ...used, generation: 1, hash: 'hash-1', parent: 'root' }, NOW, windows), reuse, 'the login\'s token')
  t.strictSame(decide(session, { ...used, hash: 'hash-5-sibling' }, NOW, windows), reuse, 'a sibling of the token used last')
  t.strictSame(decide(session, { ...next, parent: 'hash-5-sibling' }, NOW, windows), reuse, 'a child of that sibling')
})

t.test('strict: no windows', async (t) => {
  const reuse = { type: 'reuse' }
  t.match(decide(session, { ...next, issuedAt: NOW }, NOW, strict), { case: 'confirm' }, 'no token is too young')
  t.strictSame(decide({ ...session, rotatedAt: NOW }, used, NOW, strict), reuse, 'a second use ends the session at once')
  t.strictSame(decide(session, { ...next, generation: 8, issuedAt: NOW }, NOW, strict), reuse, 'and a token that is ahead does too')
})

t.test('rotation false: the login\'s token serves for the session\'s life', async (t) => {
  const keepsAlive = { generation: 0, current: 'root', rotatedAt: NOW, expiresAt: idleAnew }
  t.strictSame(decide(loggedIn, loginToken, NOW, fixed), { type: 'accept', case: 'static', child: false, write: keepsAlive })
  t.strictSame(firstGuess(loginToken, NOW, fixed), keepsAlive, 'in one write')
  t.match(decide(loggedIn, { ...loginToken, issuedAt: NOW }, NOW, fixed), { case: 'static' }, 'used at once')

  const confirmedBefore = { ...session, generation: 1, current: 'hash-1' }
  t.match(decide(confirmedBefore, loginToken, NOW, fixed), { case: 'static', child: false, write: { generation: 1, current: 'hash-1' } },
    'also where rotation was on when it was first used')
  t.match(decide(session, next, NOW, fixed), { case: 'confirm', child: true }, 'a token of a later generation falls under the table')
  t.strictSame(firstGuess(next, NOW, fixed), confirmed6)
  t.strictSame(decide(session, loginToken, NOW, fixed), { type: 'reuse' }, 'and makes the login\'s token an old one')
})
