import t from 'tap'
import type { Session } from '../../index.ts'
import { MINUTE } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'
import { createFaultyStore } from '../fixtures/hostile-store.ts'
import { payloadOf } from '../fixtures/jwt.ts'

/** Mistakes that drivers and authors of stores have made in records. */
const WRONG: Record<string, (session: Session) => unknown> = {
  'of another subject': (session) => ({ ...session, subject: 'admin', claims: { ...session.claims, sub: 'admin' } }),
  'of another session': (session) => ({ ...session, id: 'x'.repeat(22) }),
  'with the claims of another': (session) => ({ ...session, claims: { sub: 'admin', role: 'admin' } }),
  'without claims': ({ claims, ...session }) => session,
  'with claims as a text': (session) => ({ ...session, claims: JSON.stringify(session.claims) }),
  'with a generation as a text': (session) => ({ ...session, generation: String(session.generation) }),
  'with a generation as a BigInt': (session) => ({ ...session, generation: BigInt(session.generation) }),
  'with a renamed column': ({ endsAt, ...session }) => ({ ...session, ends_at: endsAt }),
  'with a time that is no number': (session) => ({ ...session, expiresAt: NaN }),
  'with a Date': (session) => ({ ...session, rotatedAt: new Date(session.rotatedAt) }),
  'with a number beyond the safe integers': (session) => ({ ...session, createdAt: 2 ** 60 }),
  'bound to something that is no text': (session) => ({ ...session, boundTo: 5 }),
  'without its current': (session) => ({ ...session, current: null }),
  'that is a text': () => 'OK',
  'that is an array': (session) => [session],
  'that is true': () => true
}

for (const [name, spoil] of Object.entries(WRONG)) {
  t.test(`a record ${name} is a 503 and a line in the log, and nobody gets a token by it`, async (t) => {
    const faulty = createFaultyStore()
    const { app, login, clock, send, logged, forget } = await createHostileApp(t, { store: faulty.store, routes: { sessions: true } })
    const tab = await login({ sub: 'anna' })
    const headers = { authorization: `Bearer ${tab.accessToken as string}` }
    const wrong = async (work: () => unknown): Promise<unknown> => spoil(await work() as Session)

    const requests = {
      refresh: ['rotate', async () => await tab.refresh()],
      'refresh again': ['find', async () => await tab.refresh()],
      'logout everywhere': ['find', async () => await tab.logout({ everywhere: true })],
      'a sensitive route': ['find', async () => await send({ url: '/sensitive', headers })],
      'DELETE session': ['find', async () => await send({ method: 'DELETE', url: `/auth/sessions/${payloadOf(tab.accessToken).sid as string}`, headers })]
    } as const
    for (const [request, [method, run]] of Object.entries(requests)) {
      forget()
      faulty.break(method, wrong)
      const response = await run()
      t.match({ status: response.statusCode, cookie: response.headers['set-cookie'] }, { status: 503, cookie: undefined }, request)
      t.match(logged(), /the session store returned an invalid record/, `${request} is logged`)
      await faulty.mend()
    }

    faulty.break('list', async (work) => (await work() as Session[]).map(spoil))
    const sid = payloadOf(tab.accessToken).sid
    if (name !== 'of another session') await t.rejects(app.sessions.list('anna'), { code: 'FST_JWT_STORE_UNAVAILABLE' }, 'list')
    else t.match(await app.sessions.list('anna'), [{ subject: 'anna' }], 'any session of the subject may be in its list')
    await faulty.mend()

    clock.now += MINUTE
    t.match(payloadOf((await tab.refresh(), tab.accessToken)), { sub: 'anna', sid }, 'the session lives on')
  })
}

t.test('a list with holes is a 503', async (t) => {
  const faulty = createFaultyStore()
  const { app, login } = await createHostileApp(t, { store: faulty.store })
  await login({ sub: 'anna' })
  for (const hole of [null, undefined]) {
    faulty.break('list', async () => [hole])
    await t.rejects(app.sessions.list('anna'), { code: 'FST_JWT_STORE_UNAVAILABLE' })
  }
})

t.test('a record of a custom store that knows no boundTo is bound to nothing', async (t) => {
  const faulty = createFaultyStore()
  const { app, login } = await createHostileApp(t, { store: faulty.store })
  await login({ sub: 'anna' })
  faulty.break('list', async (work) => (await work() as Session[]).map(({ boundTo, ...session }) => session))
  t.match(await app.sessions.list('anna'), [{ subject: 'anna', boundTo: null }])
})
