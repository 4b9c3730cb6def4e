import assert from 'node:assert/strict'
import type { Session } from '../../../types/session.ts'
import { CONTRACT } from './contract.ts'
import { assertSame, expiredSession, idsOf, promised, sampleRotation, type StoreCheck } from './sample.ts'

const PARALLEL_LOGINS = 20

/** `list` and `deleteAll` see every session of one subject and none of another. */
export const subjectChecks: Record<string, StoreCheck> = {
  'a session is listed from the moment create has answered': promised(CONTRACT.create, async (store, make) => {
    const subject = await make.subject()
    const created: string[] = []
    for (let login = 0; login < 5; login++) {
      const session = await make.session({ subject })
      await store.create(session)
      created.push(session.id)
      assertSame(idsOf(await store.list(subject)), [...created].sort())
    }
  }, 'the index of a subject is written after create has answered, or list reads a replica that lags behind'),

  'parallel logins of one subject are all listed': promised(CONTRACT.list, async (store, make) => {
    const subject = await make.subject()
    const sessions = await Promise.all(Array.from({ length: PARALLEL_LOGINS }, () => make.session({ subject })))
    await Promise.all(sessions.map((session) => store.create(session)))
    assertSame(idsOf(await store.list(subject)), idsOf(sessions))
  }, 'the index of a subject is read, added to and written back, and two logins read it before either has written'),

  'list keeps a session through rotation and drops what was deleted': promised(CONTRACT.list, async (store, make) => {
    const subject = await make.subject()
    const kept = await make.session({ subject })
    const dropped = await make.session({ subject })
    const next = sampleRotation(kept)
    await store.create(kept)
    await store.create(dropped)
    await store.rotate(kept.id, kept.current, next, Date.now())
    await store.delete(dropped.id)
    assertSame(await store.list(subject), [{ ...kept, ...next }])
  }, 'the index of a subject is not kept up by rotate or delete'),

  'list outlives a neighbour that expired': promised(CONTRACT.list, async (store, make) => {
    const subject = await make.subject()
    const first = await make.session({ subject })
    const second = await make.session({ subject })
    for (const session of [first, expiredSession(subject), second]) await store.create(session)
    // Twice: a cleanup in the first call must not remove an active session.
    assertSame(idsOf(await store.list(subject)), idsOf([first, second]))
    assertSame(idsOf(await store.list(subject)), idsOf([first, second]))
  }, 'the first expired session ends the list, or the index of the subject is removed with it'),

  'deleteAll ends every session of the subject and counts them': promised(CONTRACT.deleteAll, async (store, make) => {
    const subject = await make.subject()
    const sessions = await Promise.all(Array.from({ length: 3 }, () => make.session({ subject })))
    for (const session of sessions) await store.create(session)
    assert.equal(await store.deleteAll(subject), 3)
    for (const session of sessions) assert.equal(await store.find(session.id), null)
    assertSame(await store.list(subject), [])
    assert.equal(await store.deleteAll(subject), 0)
  }, 'it deletes or counts only a part, such as the first batch'),

  'deleteAll spares the exception': promised(CONTRACT.deleteAll, async (store, make) => {
    const subject = await make.subject()
    const [kept, ...others] = await Promise.all(Array.from({ length: 3 }, () => make.session({ subject }))) as [Session, ...Session[]]
    for (const session of [kept, ...others]) await store.create(session)
    assert.equal(await store.deleteAll(subject, kept.id), 2)
    assertSame(await store.find(kept.id), kept)
    assertSame(await store.list(subject), [kept])
    for (const session of others) assert.equal(await store.find(session.id), null)
    assert.equal(await store.deleteAll(subject, kept.id), 0)
  }, 'it ignores exceptId, or counts the exception as well'),

  'deleteAll with an exception that is not the subject\'s spares nobody': promised(CONTRACT.deleteAll, async (store, make) => {
    const session = await make.session()
    const foreign = await make.session()
    await store.create(session)
    await store.create(foreign)
    assert.equal(await store.deleteAll(session.subject, foreign.id), 1)
    assert.equal(await store.find(session.id), null)
    assertSame(await store.find(foreign.id), foreign)
  }, 'the exception is looked for before anything is deleted, or is not confined to the subject'),

  'a subject can log in again after deleteAll': promised(CONTRACT.deleteAll, async (store, make) => {
    const subject = await make.subject()
    await store.create(await make.session({ subject }))
    await store.deleteAll(subject)
    const again = await make.session({ subject })
    await store.create(again)
    assertSame(await store.list(subject), [again])
  }, 'it marks the subject as ended: it must end only the sessions'),

  'subjects with hostile names never meet': promised(CONTRACT.list, async (store, make) => {
    const sessions = await Promise.all((await make.subjects()).map((subject) => make.session({ subject })))
    for (const session of sessions) await store.create(session)
    // In a shared database, others may use names like '__proto__', so only the ids of this check are considered.
    const own = new Set(sessions.map((session) => session.id))
    for (const session of sessions) {
      const listed = (await store.list(session.subject)).filter((each) => own.has(each.id))
      assertSame([session.subject, listed], [session.subject, [session]])
    }
    for (const [index, session] of sessions.entries()) {
      assert.ok(await store.deleteAll(session.subject) >= 1, `deleteAll(${JSON.stringify(session.subject)})`)
      assert.equal(await store.find(session.id), null)
      const neighbour = sessions[index + 1]
      if (neighbour !== undefined) assertSame(await store.find(neighbour.id), neighbour)
    }
  }, 'subjects are compared by a pattern, or in a collation that ignores case, accents or trailing spaces, or are parts of a key without being escaped')
}
