import type { InjectOptions } from 'fastify'
import t from 'tap'
import { COOKIE_NAME, refreshCookie } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'
import { createFaultyStore, FAULTS, TIMEOUT } from '../fixtures/hostile-store.ts'

const EVIL = 'https://evil.example'
const FORM = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', origin: EVIL }

/** The ways in which another site can make a browser send a login request. */
const FROM_ELSEWHERE: Record<string, InjectOptions> = {
  'a form': { method: 'POST', headers: FORM },
  'a form in a browser without Fetch Metadata': { method: 'POST', headers: { origin: EVIL } },
  'a form of a sandboxed frame': { method: 'POST', headers: { origin: 'null' } },
  'a form of a subdomain': { method: 'POST', headers: { ...FORM, 'sec-fetch-site': 'same-site', origin: 'https://blog.localhost' } },
  'a fetch': { method: 'POST', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty', origin: EVIL } },
  'an image': { method: 'GET', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } },
  'a frame': { method: 'GET', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } }
}

t.test('another site cannot sign its visitor in as somebody else', async (t) => {
  const { app, send, login, calls, events, logged, forget, client } = await createHostileApp(t, { trustedOrigins: ['https://front.example'] })
  app.route({ method: ['GET', 'POST'], url: '/sign-in', handler: async (_request, reply) => reply.issueTokens({ sub: 'mallory' }) })
  const victim = await login({ sub: 'anna' })
  const before = calls()
  events.length = 0
  for (const [name, request] of Object.entries(FROM_ELSEWHERE)) {
    forget()
    const response = await send({ ...request, url: '/sign-in', cookies: { '__Host-refreshToken': victim.cookie as string } })
    t.match({ status: response.statusCode, code: response.json().code, cookie: response.headers['set-cookie'] },
      { status: 403, code: 'FST_JWT_CROSS_SITE_REQUEST', cookie: undefined }, name)
    t.match(logged(), 'crossSite')
  }
  t.equal(calls(), before, 'nothing was begun or ended')
  t.strictSame(events, Object.keys(FROM_ELSEWHERE).map(() => ({ type: 'refused', operation: 'login', reason: 'cross-site' })))
  t.equal((await client(victim.cookie).refresh()).statusCode, 200)

  const allowed: Record<string, InjectOptions> = {
    'the site itself': { method: 'POST', headers: { 'sec-fetch-site': 'same-origin', origin: 'https://localhost' } },
    'an origin that is trusted': { method: 'POST', headers: { ...FORM, origin: 'https://front.example' } },
    'a redirect back from an identity provider': { method: 'GET', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } },
    'no browser': { method: 'POST' }
  }
  for (const [name, request] of Object.entries(allowed)) t.ok(refreshCookie(await send({ ...request, url: '/sign-in' })), name)
})

t.test('a form of an identity provider signs in where the host has verified its state', async (t) => {
  const { app, send } = await createHostileApp(t)
  app.post('/callback', async (_request, reply) => reply.issueTokens({ sub: 'anna' }, { crossSite: true }))
  for (const name of ['a form', 'a form in a browser without Fetch Metadata', 'a form of a sandboxed frame']) {
    t.ok(refreshCookie(await send({ ...FROM_ELSEWHERE[name], url: '/callback' })), name)
  }
})

t.test('a login in the body clears the cookie of the session that it ends, so that the refresh after it is not ambiguous', async (t) => {
  const { app, send, login } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  app.post('/native', async (request, reply) => reply.issueTokens({ sub: 'anna' }, { transport: 'body', ...request.body as object }))
  const { cookie } = await login({ sub: 'anna' })
  const native = async (payload: object, value = cookie) => await send({ method: 'POST', url: '/native', cookies: { [COOKIE_NAME]: value as string }, payload })

  t.equal(refreshCookie(await native({ endPrevious: false })), undefined, 'a session that goes on keeps its cookie')
  t.match(refreshCookie(await native({})), { value: '', maxAge: 0 })
  t.match(refreshCookie(await native({}, `${cookie}x`)), { value: '', maxAge: 0 }, 'one that no key opens is in the way as well')
  t.equal(refreshCookie(await native({}, 'none of ours')), undefined)
})

t.test('a login in the body sets no cookie, so it may come from anywhere; but it ends no session of a cookie that another site sent along', async (t) => {
  const { app, send, login, client } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  app.route({ method: ['GET', 'POST'], url: '/native', handler: async (_request, reply) => reply.issueTokens({ sub: 'mallory' }, { transport: 'body' }) })
  const victim = await login({ sub: 'anna' })
  for (const [name, request] of Object.entries(FROM_ELSEWHERE)) {
    const response = await send({ ...request, url: '/native', cookies: { '__Host-refreshToken': victim.cookie as string } })
    t.type(response.json().refreshToken, 'string', name)
  }
  t.equal((await client(victim.cookie).refresh()).statusCode, 200)
})

for (const [fault, act] of Object.entries(FAULTS)) {
  t.test(`a login that cannot end the old session, because the store ${fault}, leaves no new one`, async (t) => {
    const faulty = createFaultyStore()
    const { app, send, login, client, events } = await createHostileApp(t, { store: faulty.store, storeTimeout: `${TIMEOUT}ms` })
    const tab = await login({ sub: 'anna' })
    let deletes = 0
    faulty.break('delete', async (work, mended) => ++deletes === 1 ? await act(work, mended) : await work())
    const response = await send({ method: 'POST', url: '/login', payload: { sub: 'anna' }, cookies: { '__Host-refreshToken': tab.cookie as string } })
    t.match({ status: response.statusCode, code: response.json().code, retry: response.headers['retry-after'], cookie: response.headers['set-cookie'] },
      { status: 503, code: 'FST_JWT_STORE_UNAVAILABLE', retry: '1', cookie: undefined })
    if (fault !== 'never answers') await faulty.mend()
    t.equal(deletes, 2, 'the new session was taken back')
    t.notOk(events.slice(1).some(({ type }) => type === 'issued'))
    if (fault === 'answers late') return // the late call has ended the old session
    t.equal((await app.sessions.list('anna')).length, 1)
    t.equal((await client(tab.cookie).refresh()).statusCode, 200, 'the old one goes on')
  })
}

t.test('a login that can end one of two old sessions tells of that one', async (t) => {
  const faulty = createFaultyStore()
  const { send, login, events } = await createHostileApp(t, { store: faulty.store })
  const [one, other] = [await login({ sub: 'anna' }), await login({ sub: 'anna' })]
  let deletes = 0
  faulty.break('delete', async (work) => {
    if (++deletes === 1) throw new Error('away')
    return await work()
  })
  const response = await send({ method: 'POST', url: '/login', payload: { sub: 'anna' }, headers: { cookie: `__Host-refreshToken=${one.cookie}; __Host-refreshToken=${other.cookie}` } })
  t.equal(response.statusCode, 503)
  t.match(events.slice(2), [{ type: 'unavailable', operation: 'login', cause: { message: 'away' } }, { type: 'ended', reason: 'replaced', count: 1 }])
  t.equal(events.length, 4)
})

t.test('a login with nothing genuine asks the store twice, and once where nothing limits the sessions', async (t) => {
  for (const [asked, maxSessionsPerSubject] of [[2, 100], [1, Infinity]] as const) {
    const { send, calls, login } = await createHostileApp(t, { maxSessionsPerSubject })
    const { cookie } = await login()
    for (const value of ['garbage', `${cookie?.slice(0, -5)}aaaaa`]) {
      const before = calls()
      await send({ method: 'POST', url: '/login', cookies: { '__Host-refreshToken': value } })
      t.equal(calls() - before, asked)
    }
  }
})

t.test('names and values that issueTokens, revokeTokens and app.sessions do not know are a TypeError', async (t) => {
  const { app, send, calls, events } = await createHostileApp(t)
  const errors: unknown[] = []
  app.setErrorHandler(async (error, _request, reply) => {
    errors.push(error)
    return reply.code(500).send({})
  })
  app.post('/in', async (request, reply) => reply.issueTokens({ sub: 'anna' }, request.body as object))
  app.post('/out', async (request, reply) => { await reply.revokeTokens(request.body as object) })
  const cases: Array<[url: string, options: unknown, message: RegExp]> = [
    ['/in', { transprt: 'cookie' }, /^issueTokens: the option "transprt" is unknown: did you mean transport\?$/],
    ['/in', { endprevious: false }, /did you mean endPrevious\?$/],
    ['/in', { crosSite: true }, /did you mean crossSite\?$/],
    ['/in', { endPrevious: 'no' }, /^issueTokens: endPrevious is "no": give true or false$/],
    ['/in', { crossSite: 1 }, /^issueTokens: crossSite is 1: give true or false$/],
    ['/in', { sign: { expiresIn: '1h' } }, /^issueTokens: the option "sign" is unknown: give the plugin accessToken: \{ expiresIn, /],
    ['/in', { expiresIn: '10' }, /^issueTokens: expiresIn is "10": give seconds as a number/],
    ['/in', { expiresIn: '45s' }, /^issueTokens: expiresIn is "45s", not longer than refreshToken\.overlap \(45 s\)/],
    ['/in', { maxAge: 2592000000 }, /^issueTokens: maxAge is 2592000000, and a number is seconds: give "30d"/],
    ['/in', { persistent: 1 }, /^issueTokens: persistent is 1: give true or false/],
    ['/in', { authTime: '2026-01-01' }, /^issueTokens: authTime is "2026-01-01": give the time of the login in whole seconds/],
    ['/in', [], /^issueTokens: the options are an array: give an object$/],
    ['/out', { everwhere: true }, /^revokeTokens: the option "everwhere" is unknown: did you mean everywhere\?$/],
    ['/out', { everywhere: 'true' }, /^revokeTokens: everywhere is "true": give true or false$/]
  ]
  for (const [url, payload, message] of cases) {
    await send({ method: 'POST', url, payload: payload as object })
    const error = errors.pop()
    t.ok(error instanceof TypeError, JSON.stringify(payload))
    t.match((error as Error).message, message)
  }
  await t.rejects(app.sessions.revokeAll('anna', { exept: 'x' } as object), { name: 'TypeError', message: 'sessions.revokeAll: the option "exept" is unknown: did you mean except?' })
  t.equal(calls(), 0)
  t.strictSame(events, [])
})

t.test('no cache keeps an answer that sets our cookie or clears it, whatever the handler says', async (t) => {
  const { app, send } = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  const publish = (reply: { header (name: string, value: string): unknown }): unknown => reply.header('Cache-Control', 'public, max-age=3600')
  app.get('/in', async (_request, reply) => {
    const body = await reply.issueTokens({ sub: 'anna' })
    publish(reply)
    return body
  })
  app.get('/in-body', async (_request, reply) => {
    const body = await reply.issueTokens({ sub: 'anna' }, { transport: 'body' })
    publish(reply)
    return body
  })
  app.get('/out', async (_request, reply) => {
    await reply.revokeTokens()
    publish(reply)
    return reply.redirect('/')
  })
  app.get('/failed', async (_request, reply) => {
    await reply.issueTokens({ sub: 'anna' })
    publish(reply)
    throw new Error('after all')
  })
  app.get('/page', { preHandler: [app.refresh] }, async (_request, reply) => {
    publish(reply)
    return 'page'
  })
  app.get('/news', async (_request, reply) => {
    publish(reply)
    return 'news'
  })
  const cacheOf = async (url: string, cookies = {}): Promise<unknown> => (await send({ method: 'GET', url, cookies })).headers['cache-control']
  const refreshToken = refreshCookie(await send({ method: 'GET', url: '/in' }))?.value
  t.equal(await cacheOf('/in'), 'private, no-store')
  t.equal(await cacheOf('/in-body'), 'no-store')
  t.equal(await cacheOf('/out'), 'private, no-store')
  t.equal(await cacheOf('/failed'), 'private, no-store')
  t.equal(await cacheOf('/page', { [COOKIE_NAME]: refreshToken }), 'private, no-store')
  t.equal(await cacheOf('/page', { [COOKIE_NAME]: refreshToken }), 'no-store', 'where the refresh sets no cookie, the page may still show an access token')
  t.equal(await cacheOf('/news'), 'public, max-age=3600')
})
