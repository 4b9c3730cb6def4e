import assert from 'node:assert/strict'
import { CONTRACT } from './contract.ts'
import { assertSame, promised, sampleRotation, type StoreCheck } from './sample.ts'

const RACES = 50

/** A session that was ended stays ended, whatever calls were in progress at that moment. */
export const endingChecks: Record<string, StoreCheck> = {
  'delete says whether something was deleted': promised(CONTRACT.delete, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    assert.equal(await store.delete(session.id), true)
    assert.equal(await store.find(session.id), null)
    assertSame(await store.list(session.subject), [])
    assert.equal(await store.delete(session.id), false)
  }, 'it does not look at the number of deleted rows'),

  'delete with an expected value deletes only what was judged': promised(CONTRACT.delete, async (store, make) => {
    const session = await make.session()
    const next = sampleRotation(session)
    await store.create(session)
    assert.ok(await store.rotate(session.id, session.current, next, Date.now()))
    assert.equal(await store.delete(session.id, session.current), false)
    assert.equal(await store.delete(session.id, ''), false)
    assertSame(await store.find(session.id), { ...session, ...next })
    assert.equal(await store.delete(session.id, next.current), true)
    assert.equal(await store.find(session.id), null)
  }, 'current = expected is missing in the WHERE of the DELETE'),

  'undefined is neither an expected value nor an exception': promised(CONTRACT.noValue, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    assert.equal(await store.delete(session.id, undefined), true)
    await store.create(session)
    assert.equal(await store.deleteAll(session.subject, undefined), 1)
    assert.equal(await store.find(session.id), null)
  }, 'undefined is passed to the query as a value; in SQL, nothing is equal or unequal to NULL'),

  'a late rotate does not bring a deleted session back': promised(CONTRACT.rotateNeverCreates, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    await store.delete(session.id)
    assert.equal(await store.rotate(session.id, session.current, sampleRotation(session), Date.now()), null)
    assert.equal(await store.find(session.id), null)
    assertSame(await store.list(session.subject), [])
  }, 'it writes a row whether there is one or not: make it UPDATE, not UPSERT, or SET with XX'),

  'a late rotate does not bring a session back after deleteAll': promised(CONTRACT.rotateNeverCreates, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    assert.equal(await store.deleteAll(session.subject), 1)
    assert.equal(await store.rotate(session.id, session.current, sampleRotation(session), Date.now()), null)
    assert.equal(await store.find(session.id), null)
    assertSame(await store.list(session.subject), [])
  }, 'it writes a row whether there is one or not: make it UPDATE, not UPSERT, or SET with XX'),

  'rotate racing delete leaves nothing': promised(CONTRACT.rotateNeverCreates, async (store, make) => {
    for (let race = 0; race < RACES; race++) {
      const session = await make.session()
      await store.create(session)
      const rotate = () => store.rotate(session.id, session.current, sampleRotation(session), Date.now())
      const [, deleted] = await Promise.all([rotate(), store.delete(session.id), rotate()])
      assert.equal(deleted, true)
      assert.equal(await store.find(session.id), null)
    }
  }, 'rotate reads and then writes, and the session was deleted in between: make it one UPDATE … WHERE current = expected'),

  'rotate racing deleteAll leaves nothing': promised(CONTRACT.rotateNeverCreates, async (store, make) => {
    for (let race = 0; race < RACES; race++) {
      const session = await make.session()
      await store.create(session)
      const rotate = () => store.rotate(session.id, session.current, sampleRotation(session), Date.now())
      const [, deleted] = await Promise.all([rotate(), store.deleteAll(session.subject), rotate()])
      assert.equal(deleted, 1)
      assert.equal(await store.find(session.id), null)
      assertSame(await store.list(session.subject), [])
    }
  }, 'rotate reads and then writes, and the session was deleted in between: make it one UPDATE … WHERE current = expected'),

  'of a rotate and a delete that expect the same value exactly one wins': promised(CONTRACT.delete, async (store, make) => {
    for (let race = 0; race < RACES; race++) {
      const session = await make.session()
      await store.create(session)
      const [rotated, deleted] = await Promise.all([
        store.rotate(session.id, session.current, sampleRotation(session), Date.now()),
        store.delete(session.id, session.current)
      ])
      assert.equal(deleted, rotated === null)
      assertSame(await store.find(session.id), rotated)
    }
  }, 'delete compares and then deletes, and the session was rotated in between: make it one DELETE … WHERE current = expected')
}
