import assert from 'node:assert/strict'
import { CONTRACT } from './contract.ts'
import { HOUR, assertSame, expiredSession, idsOf, promised, sampleDigest, sampleRotation, type StoreCheck } from './sample.ts'

const HOSTILE_IDS = [
  '', ' ', '__proto__', 'constructor', 'hasOwnProperty', '*', '?', '%', '_', '$ne', "' OR '1'='1", '"', '\\',
  ';', '\r\n', 'a:b', '{a}', '../..', 'é', '😀', 'x'.repeat(10_000)
]

const PARALLEL_CREATIONS = 20
const PARALLEL_CALLS = 20

/** Records are returned as they were written, unknown and expired ones are not returned, and no object is shared with the caller. */
export const recordChecks: Record<string, StoreCheck> = {
  'every field comes back as it was written': promised(CONTRACT.plainJson, async (store, make) => {
    const base = Math.floor(Date.now() / 1000) * 1000
    const subject = await make.subject('Zoë 😀')
    const session = await make.session({
      subject,
      generation: 70_000,
      createdAt: base + 1,
      rotatedAt: base + 22,
      expiresAt: base + HOUR + 333,
      endsAt: base + 24 * HOUR + 987,
      boundTo: sampleDigest(),
      claims: {
        sub: subject,
        text: 'quotes \' " ` \\ controls \u0001\b\t\n\r\u001f\u007f\u2028 accents é e\u0301 家 😀',
        empty: '',
        numbers: [0, -1, 0.1, 1e21, 2 ** 31, 2 ** 53 - 1],
        nested: { list: [[], {}, null, true, false, { deep: { deeper: ['x'] } }], '': 'empty key', 'a.b': 1, $set: 2 }
      },
      metadata: { userAgent: 'Mozilla/5.0 \u0007 ÿ', ip: '2001:db8::1', label: null }
    })
    await store.create(session)
    assertSame(await store.find(session.id), session)
    assertSame(await store.list(subject), [session])
  }, 'a column is too short, rounds times to seconds, or has a character set that is not the whole of Unicode (MySQL: utf8mb4)'),

  'claims of 50 kB come back whole': promised(CONTRACT.plainJson, async (store, make) => {
    const session = await make.session()
    session.claims['permissions'] = Array.from({ length: 2_000 }, (_, i) => `permission:${i}:to:do:things:é😀`)
    assert.ok(JSON.stringify(session.claims).length > 50_000)
    await store.create(session)
    assertSame(await store.find(session.id), session)
  }, 'the column for claims is too short (MySQL cuts a TEXT at 64 kB, or refuses it)'),

  'empty metadata stays empty': promised(CONTRACT.plainJson, async (store, make) => {
    const session = await make.session({ metadata: {} })
    await store.create(session)
    assertSame(await store.find(session.id), session)
  }, 'an empty object is stored as NULL, or as nothing'),

  'a claim that is undefined does not turn into null': promised(CONTRACT.plainJson, async (store, make) => {
    const session = await make.session()
    session.claims['nickname'] = undefined
    session.metadata['label'] = undefined
    await store.create(session)
    const found = await store.find(session.id)
    assertSame([found?.claims['nickname'], found?.metadata['label']], [undefined, undefined])
  }, 'the driver writes undefined as null, as that of MongoDB does: store the string that JSON.stringify returns'),

  'an unknown id is not there': promised(CONTRACT.find, async (store, make) => {
    const session = await make.session()
    assert.equal(await store.find(session.id), null)
    assert.equal(await store.rotate(session.id, session.current, sampleRotation(session), Date.now()), null)
    assert.equal(await store.delete(session.id), false)
    assert.equal(await store.delete(session.id, session.current), false)
    assertSame(await store.list(session.subject), [])
    assert.equal(await store.deleteAll(session.subject), 0)
  }, 'it returns undefined or an empty list if the database has no row: return null, false, [] or 0'),

  'generation, times and the count come back as numbers': promised(CONTRACT.numbers, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    const answers = [await store.find(session.id), ...await store.list(session.subject), await store.rotate(session.id, session.current, sampleRotation(session), Date.now())]
    for (const answer of answers) {
      for (const name of ['generation', 'createdAt', 'rotatedAt', 'expiresAt', 'endsAt'] as const) {
        assert.equal(typeof answer?.[name], 'number', `${name} is the ${typeof answer?.[name]} ${String(answer?.[name])}`)
      }
    }
    const count = await store.deleteAll(session.subject)
    assert.equal(typeof count, 'number', `the count is the ${typeof count} ${String(count)}`)
  }, 'the driver returns 64-bit columns and counts as strings or BigInts: convert them with Number()'),

  'calls at the same time each get their own answer': promised(CONTRACT.ownAnswer, async (store, make) => {
    const sessions = await Promise.all(Array.from({ length: PARALLEL_CALLS }, () => make.session()))
    for (const session of sessions) await store.create(session)
    assertSame(await Promise.all(sessions.map(({ id }) => store.find(id))), sessions)
    assertSame(await Promise.all(sessions.map(({ subject }) => store.list(subject))), sessions.map((session) => [session]))

    const rotations = sessions.map((session) => ({ session, next: sampleRotation(session) }))
    const after = rotations.map(({ session, next }) => ({ ...session, ...next }))
    assertSame(await Promise.all(rotations.map(({ session: { id, current }, next }) => store.rotate(id, current, next, Date.now()))), after)
    assertSame(await Promise.all(sessions.map(({ id }) => store.find(id))), after)
  }, 'calls share a connection or a variable, and one gets the result of another'),

  'an id with a NUL is just unknown': promised(CONTRACT.find, async (store, make) => {
    const { current } = await make.session()
    assert.equal(await store.find('\0'), null)
    assert.equal(await store.rotate('\0', current, sampleRotation(await make.session()), Date.now()), null)
    assert.equal(await store.delete('\0'), false)
  }, 'PostgreSQL cannot store a NUL and refuses the query (22021): return without a query'),

  'an id with hostile characters is just unknown': promised(CONTRACT.find, async (store, make) => {
    const session = await make.session()
    await store.create(session)
    for (const id of [...HOSTILE_IDS, `${session.id}*`, session.id.slice(0, -1), session.id + ' ']) {
      assert.equal(await store.find(id), null, `find(${JSON.stringify(id)})`)
      assert.equal(await store.rotate(id, session.current, sampleRotation(session), Date.now()), null, `rotate(${JSON.stringify(id)})`)
      assert.equal(await store.delete(id), false, `delete(${JSON.stringify(id)})`)
    }
    assertSame(await store.find(session.id), session)
  }, 'the id becomes a part of the query, a pattern or the name of a property: pass it as a parameter, or look it up in a Map'),

  'an expired session is neither found nor listed': promised(CONTRACT.find, async (store, make) => {
    const subject = await make.subject()
    const expired = expiredSession(subject)
    const living = await make.session({ subject })
    await store.create(expired)
    await store.create(living)
    assert.equal(await store.find(expired.id), null)
    assertSame(idsOf(await store.list(subject)), [living.id])
  }, 'it relies on a later cleanup: compare expiresAt with the clock in each query'),

  'what find and list return is not shared with the store': promised(CONTRACT.notShared, async (store, make) => {
    const session = await make.session({ claims: { sub: 'ann', roles: ['member'] } })
    await store.create(session)
    const found = await store.find(session.id)
    const [listed] = await store.list(session.subject)
    for (const copy of [found, listed]) {
      assert.ok(copy)
      copy.current = 'changed';
      (copy.claims['roles'] as string[]).push('admin')
      copy.metadata.ip = 'changed'
    }
    assertSame(await store.find(session.id), session)
    assertSame(await store.list(session.subject), [session])
  }, 'it returns its own object: return a copy (structuredClone)'),

  'what create was given can be changed afterwards': promised(CONTRACT.notShared, async (store, make) => {
    const session = await make.session({ claims: { sub: 'ann', roles: ['member'] } })
    const before = structuredClone(session)
    await store.create(session)
    session.endsAt += HOUR;
    (session.claims['roles'] as string[]).push('admin')
    session.metadata.ip = 'changed'
    assertSame(await store.find(before.id), before)
  }, "it keeps the caller's object: keep a copy (structuredClone)"),

  'create changes nothing where the id is taken': promised(CONTRACT.createOnce, async (store, make) => {
    const session = await make.session()
    const next = sampleRotation(session)
    await store.create(session)
    assert.ok(await store.rotate(session.id, session.current, next, Date.now()))
    await assert.rejects(store.create({ ...session, createdAt: session.createdAt + 1, metadata: { device: 'another' } }))
    assertSame(await store.find(session.id), { ...session, ...next })
    assertSame(await store.list(session.subject), [{ ...session, ...next }])
  }, 'it overwrites: make it INSERT, not UPSERT, or SET with NX'),

  'of 20 creations of one id exactly one wins': promised(CONTRACT.createOnce, async (store, make) => {
    const session = await make.session()
    const attempts = Array.from({ length: PARALLEL_CREATIONS }, (_, device) => ({ ...session, metadata: { device } }))
    const results = await Promise.allSettled(attempts.map((attempt) => store.create(attempt)))
    const winners = attempts.filter((_, index) => results[index]?.status === 'fulfilled')
    assert.equal(winners.length, 1, `${winners.length} creations won`)
    assertSame(await store.find(session.id), winners[0])
  }, 'it checks whether the id is taken and then writes, and two requests check before either has written'),

  'a call that failed does not poison the next': promised(CONTRACT.rejects, async (store, make) => {
    const cyclic = await make.session()
    cyclic.claims['self'] = cyclic.claims
    // A store may or may not refuse this, but it must continue to work.
    await Promise.resolve().then(() => store.create(cyclic)).catch(() => undefined)

    const session = await make.session()
    const next = sampleRotation(session)
    await assert.doesNotReject(store.create(session))
    assertSame(await store.rotate(session.id, session.current, next, Date.now()), { ...session, ...next })
    assert.equal(await store.delete(session.id), true)
  }, 'calls wait in a chain of promises that ends with the first rejection, or a connection went back to the pool in the middle of a transaction')
}
