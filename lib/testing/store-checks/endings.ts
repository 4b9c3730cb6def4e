import assert from 'node:assert/strict'
import { assertSame, sampleRotation, sampleSession, type StoreCheck } from './sample.ts'

const RACES = 50

/** A session that was ended stays ended, whatever was on its way at that moment. */
export const endingChecks: Record<string, StoreCheck> = {
  'delete says whether something was deleted': async (store) => {
    const session = sampleSession()
    await store.create(session)
    assert.equal(await store.delete(session.id), true)
    assert.equal(await store.find(session.id), null)
    assertSame(await store.list(session.subject), [])
    assert.equal(await store.delete(session.id), false)
  },

  'delete with an expected value deletes only what was judged': async (store) => {
    const session = sampleSession()
    const next = sampleRotation(session)
    await store.create(session)
    assert.ok(await store.rotate(session.id, session.current, next, Date.now()))
    assert.equal(await store.delete(session.id, session.current), false)
    assert.equal(await store.delete(session.id, ''), false)
    assertSame(await store.find(session.id), { ...session, ...next })
    assert.equal(await store.delete(session.id, next.current), true)
    assert.equal(await store.find(session.id), null)
  },

  'a late rotate does not bring a deleted session back': async (store) => {
    const session = sampleSession()
    await store.create(session)
    await store.delete(session.id)
    assert.equal(await store.rotate(session.id, session.current, sampleRotation(session), Date.now()), null)
    assert.equal(await store.find(session.id), null)
    assertSame(await store.list(session.subject), [])
  },

  'a late rotate does not bring a session back after deleteAll': async (store) => {
    const session = sampleSession()
    await store.create(session)
    assert.equal(await store.deleteAll(session.subject), 1)
    assert.equal(await store.rotate(session.id, session.current, sampleRotation(session), Date.now()), null)
    assert.equal(await store.find(session.id), null)
    assertSame(await store.list(session.subject), [])
  },

  'rotate racing delete leaves nothing': async (store) => {
    for (let race = 0; race < RACES; race++) {
      const session = sampleSession()
      await store.create(session)
      const rotate = () => store.rotate(session.id, session.current, sampleRotation(session), Date.now())
      const [, deleted] = await Promise.all([rotate(), store.delete(session.id), rotate()])
      assert.equal(deleted, true)
      assert.equal(await store.find(session.id), null)
    }
  },

  'rotate racing deleteAll leaves nothing': async (store) => {
    for (let race = 0; race < RACES; race++) {
      const session = sampleSession()
      await store.create(session)
      const rotate = () => store.rotate(session.id, session.current, sampleRotation(session), Date.now())
      const [, deleted] = await Promise.all([rotate(), store.deleteAll(session.subject), rotate()])
      assert.equal(deleted, 1)
      assert.equal(await store.find(session.id), null)
      assertSame(await store.list(session.subject), [])
    }
  },

  'of a rotate and a delete that expect the same value exactly one wins': async (store) => {
    for (let race = 0; race < RACES; race++) {
      const session = sampleSession()
      await store.create(session)
      const [rotated, deleted] = await Promise.all([
        store.rotate(session.id, session.current, sampleRotation(session), Date.now()),
        store.delete(session.id, session.current)
      ])
      assert.equal(deleted, rotated === null)
      assertSame(await store.find(session.id), rotated)
    }
  }
}
