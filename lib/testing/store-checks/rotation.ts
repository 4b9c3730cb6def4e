import assert from 'node:assert/strict'
import type { Session } from '../../../types/session.ts'
import { CONTRACT } from './contract.ts'
import { HOUR, assertSame, idsOf, promised, sampleDigest, sampleRotation, type StoreCheck } from './sample.ts'

const PARALLEL_CALLERS = 100

/** The compare-and-set that everything depends on: if two calls win, a stolen token has two valid successors. */
export const rotationChecks: Record<string, StoreCheck> = {
  'rotate returns the whole record as it now is': promised(CONTRACT.rotate, async (store, make) => {
    const session = await make.session()
    const next = sampleRotation(session)
    await store.create(session)
    const rotated = await store.rotate(session.id, session.current, next, Date.now())
    assertSame(rotated, { ...session, ...next })
    assertSame(await store.find(session.id), { ...session, ...next })
    assertSame(await store.list(session.subject), [{ ...session, ...next }])
  }, 'it returns what it read before it wrote, or only `next`'),

  'of 100 parallel rotations exactly one wins': promised(CONTRACT.rotate, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    const attempts = Array.from({ length: PARALLEL_CALLERS }, () => sampleRotation(session))
    const answers = await Promise.all(attempts.map((next) => store.rotate(session.id, session.current, next, Date.now())))
    const winners = answers.filter((answer) => answer !== null)
    assert.equal(winners.length, 1, `${winners.length} rotations won`)
    assertSame(await store.find(session.id), winners[0])
    assertSame(winners[0], { ...session, ...attempts[answers.findIndex((answer) => answer !== null)] })
  }, 'it reads and then writes, and two requests read before either has written: make it one UPDATE … WHERE current = expected'),

  'rotate with another expected value changes nothing': promised(CONTRACT.rotate, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    for (const expected of [(await make.session()).current, '', session.current.slice(0, -1), session.current + ' ', session.current.toLowerCase()]) {
      assert.equal(await store.rotate(session.id, expected, sampleRotation(session), Date.now()), null)
    }
    assertSame(await store.find(session.id), session)
  }, 'current = expected is missing in the WHERE, or the collation ignores case or trailing spaces'),

  'an expected value serves once': promised(CONTRACT.rotate, async (store, make) => {
    const session = await make.session()
    const first = sampleRotation(session)
    const second = sampleRotation({ ...session, ...first })
    await store.create(session)
    assert.ok(await store.rotate(session.id, session.current, first, Date.now()))
    assert.equal(await store.rotate(session.id, session.current, second, Date.now()), null)
    assertSame(await store.rotate(session.id, first.current, second, Date.now()), { ...session, ...second })
  }, 'current = expected is missing in the WHERE, or `current` is not written'),

  'rotate judges expiry by the time it is given, and changes nothing that is over': promised(CONTRACT.rotate, async (store, make) => {
    const session = await make.session()
    const next = sampleRotation(session)
    await store.create(session)
    assert.equal(await store.rotate(session.id, session.current, next, session.expiresAt), null)
    assert.equal(await store.rotate(session.id, session.current, next, session.expiresAt + HOUR), null)
    assertSame(await store.find(session.id), session)
    assertSame(await store.rotate(session.id, session.current, next, session.expiresAt - 1), { ...session, ...next })
  }, 'expiresAt > now is missing in the WHERE, or compares with the clock of the database'),

  'a rotation that changes nothing returns the record': promised(CONTRACT.rotateInPlace, async (store, make) => {
    const session = await make.session()
    const { generation, current, rotatedAt, expiresAt } = session
    await store.create(session)
    assertSame(await store.rotate(session.id, current, { generation, current, rotatedAt, expiresAt }, Date.now()), session)
    assertSame(await store.find(session.id), session)
  }, 'the driver counts the rows that changed, not those that matched (MySQL without FOUND_ROWS)'),

  'rotate binds a session to a key, and leaves it bound': promised(CONTRACT.rotateBoundTo, async (store, make) => {
    const session = await make.session()
    const binding = sampleRotation(session, { boundTo: sampleDigest() })
    const bound: Session = { ...session, ...binding }
    const next = sampleRotation(bound)
    await store.create(session)
    assertSame(await store.rotate(session.id, session.current, binding, Date.now()), bound)
    assertSame(await store.find(session.id), bound)
    assertSame(await store.rotate(session.id, bound.current, next, Date.now()), { ...bound, ...next })
    assertSame(await store.list(session.subject), [{ ...bound, ...next }])
  }, 'the store does not have boundTo yet: add a column, and write it if a rotation has one'),

  'rotate leaves the rest of the record as it was': promised(CONTRACT.rotate, async (store, make) => {
    const session = await make.session({ claims: { sub: 'ann', role: 'admin' }, metadata: { device: 'kiosk' } })
    const next = sampleRotation(session)
    await store.create(session)
    await store.rotate(session.id, session.current, next, Date.now())
    const { subject, createdAt, endsAt, boundTo, claims, metadata } = session
    assertSame(await store.find(session.id), { id: session.id, subject, createdAt, endsAt, boundTo, claims, metadata, ...next })
  }, 'it replaces the whole record: write only what `next` has'),

  'what rotate takes and returns is not shared with the store': promised(CONTRACT.notShared, async (store, make) => {
    const session = await make.session({ claims: { sub: 'ann', roles: ['member'] } })
    const next = sampleRotation(session)
    const after: Session = { ...structuredClone(session), ...next }
    await store.create(session)
    const rotated = await store.rotate(session.id, session.current, next, Date.now())
    assert.ok(rotated)
    next.current = 'changed'
    rotated.current = 'changed';
    (rotated.claims['roles'] as string[]).push('admin')
    rotated.metadata.ip = 'changed'
    assertSame(await store.find(session.id), after)
  }, "it keeps the caller's object or returns its own: copy both (structuredClone)"),

  'a rotation that moves expiresAt keeps the session alive': promised(CONTRACT.rotate, async (store, make) => {
    const now = Date.now()
    const session = await make.session({ createdAt: now - 3 * HOUR, rotatedAt: now - 3 * HOUR, expiresAt: now - HOUR })
    const next = sampleRotation(session, { expiresAt: now + HOUR })
    await store.create(session)
    // By the caller's clock it is two hours ago, when the session was active; this rotation keeps it active until now.
    const rotated = await store.rotate(session.id, session.current, next, now - 2 * HOUR)
    assertSame(rotated, { ...session, ...next })
    assertSame(await store.find(session.id), { ...session, ...next })
    assertSame(idsOf(await store.list(session.subject)), [session.id])
  }, "it uses a clock of its own instead of `now`, or the record's time to live does not change with expiresAt")
}
