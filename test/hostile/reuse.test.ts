import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { SessionClaims } from '../../index.ts'
import { MINUTE, SECOND } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'
import { createFaultyStore, FAULTS, TIMEOUT } from '../fixtures/hostile-store.ts'

const strict = { rotation: 'strict' } as const

t.test('strict: a thief who asks again and again does not escape the end of a session that was reused', async (t) => {
  const faulty = createFaultyStore()
  const { login, client, clock, events, app } = await createHostileApp(t, { store: faulty.store, refreshToken: strict })
  const victim = await login({ sub: 'anna' })
  const thief = client(victim.cookie)
  await thief.refresh()
  clock.now += SECOND

  // Before each deletion, the thief rotates again, so that the record that was read for the victim is outdated.
  faulty.break('delete', async (work) => {
    await thief.refresh()
    clock.now += SECOND
    return await work()
  })
  t.match({ status: (await victim.refresh()).statusCode, sessions: await app.sessions.list('anna') }, { status: 403, sessions: [] })
  t.equal((await thief.refresh()).statusCode, 403)
  t.equal(events.filter(({ type }) => type === 'reused').length, 1)
})

t.test('two who are judged at once end the session once, and it is told once', async (t) => {
  const { login, client, clock, events } = await createHostileApp(t, { refreshToken: strict })
  const victim = await login({ sub: 'anna' })
  const old = [client(victim.cookie), client(victim.cookie), client(victim.cookie)]
  await victim.refresh()
  clock.now += SECOND
  const answers = await Promise.all(old.map(async (tab) => await tab.refresh()))
  t.strictSame(answers.map((response) => response.json().code), Array(3).fill('FST_JWT_REFRESH_TOKEN_REVOKED'))
  t.equal(events.filter(({ type }) => type === 'reused').length, 1)
})

t.test('a deletion whose answer comes late is told as one that is in time', async (t) => {
  const faulty = createFaultyStore()
  const options = { store: faulty.store, storeTimeout: `${TIMEOUT}ms`, claims: (): SessionClaims | null => claims }
  const { app, login, client, clock, events, logged, forget, send } = await createHostileApp(t, options)
  let claims: SessionClaims | null = { sub: 'anna' }

  const late: Record<string, { type: string, reason?: string }> = {
    'a reuse': { type: 'reused' },
    'a logout': { type: 'ended', reason: 'logout' },
    'claims that found nobody': { type: 'ended', reason: 'claims' },
    'a login in its place': { type: 'ended', reason: 'replaced' },
    'a revocation': { type: 'ended', reason: 'revoked' },
    'a revocation of all': { type: 'ended', reason: 'revoked' }
  }
  for (const [name, event] of Object.entries(late)) {
    const tab = await login({ sub: 'anna' })
    const stolen = client(tab.cookie)
    for (let turn = 0; turn < 2; turn++) {
      await tab.refresh()
      clock.now += MINUTE
    }
    const [session] = await app.sessions.list('anna')
    forget()
    const before = events.length

    faulty.break(name === 'a revocation of all' ? 'deleteAll' : 'delete', FAULTS['answers late'])
    if (name === 'a reuse') t.equal((await stolen.refresh()).statusCode, 503)
    if (name === 'a logout') t.equal((await tab.logout()).statusCode, 503)
    if (name === 'a revocation') await t.rejects(app.sessions.revoke(session?.id as string), { code: 'FST_JWT_STORE_UNAVAILABLE' })
    if (name === 'a revocation of all') await t.rejects(app.sessions.revokeAll('anna'), { code: 'FST_JWT_STORE_UNAVAILABLE' })
    if (name === 'a login in its place') {
      const again = await send({ method: 'POST', url: '/login', cookies: { '__Host-refreshToken': tab.cookie as string }, payload: { sub: 'anna' } })
      t.equal(again.statusCode, 503)
    }
    if (name === 'claims that found nobody') {
      claims = null
      t.equal((await tab.refresh()).statusCode, 503)
      claims = { sub: 'anna' }
    }
    t.strictSame(events.slice(before).map(({ type }) => type), ['unavailable'], `${name}: nothing is known yet`)
    await faulty.mend()
    await sleep(1)
    t.match(events.slice(before + 1), [event], name)
    t.equal(events.length, before + 2)
    if (name === 'a reuse') t.match(logged(), 'a refresh token was used again')
    else t.match(logged(), /info \{ type: "ended"/)
  }
})

t.test('strict: where `claims` fails, the token is not spent', async (t) => {
  let fails = false
  const claims = async ({ subject }: { subject: string }): Promise<SessionClaims> => {
    if (fails) throw new Error('the user database is away')
    return { sub: subject, role: 'editor' }
  }
  const { login, clock, events } = await createHostileApp(t, { claims, refreshToken: strict })
  const tab = await login({ sub: 'anna' })
  for (let turn = 0; turn < 3; turn++) {
    clock.now += MINUTE
    fails = true
    t.equal((await tab.refresh()).statusCode, 503)
    fails = false
    t.equal((await tab.refresh()).statusCode, 200)
  }
  t.match((await tab.me()).json(), { role: 'editor' })
  t.notOk(events.some(({ type }) => type === 'reused'))
})

t.test('strict: `claims` that finds nobody ends the session, and a race that is lost meanwhile is a reuse', async (t) => {
  let claims: (session: { subject: string }) => Promise<SessionClaims | null> = async () => null
  const { app, login, client, clock, events } = await createHostileApp(t, { claims: async (session) => await claims(session), refreshToken: strict })
  const gone = await login({ sub: 'anna' })
  t.equal((await gone.refresh()).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
  t.match(events.at(-1), { type: 'ended', reason: 'claims' })

  const tab = await login({ sub: 'anna' })
  const other = client(tab.cookie)
  let asked = 0
  claims = async ({ subject }) => {
    if (asked++ === 0) {
      await other.refresh()
      clock.now += SECOND
    }
    return { sub: subject }
  }
  t.equal((await tab.refresh()).statusCode, 403)
  t.match(events.at(-1), { type: 'reused', generation: 1, expected: 1 })
  t.strictSame(await app.sessions.list('anna'), [])
})
