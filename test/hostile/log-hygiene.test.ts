import { Writable } from 'node:stream'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { MINUTE, SECRET } from '../fixtures/app.ts'
import { createHostileApp, kindsOf, refreshWith, REFRESH_SECRET } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { createFaultyStore, FAULTS, METHODS } from '../fixtures/hostile-store.ts'
import { brokenTexts, mutations, sign, wrongHeaders, wrongKeys, wrongPayloads } from '../fixtures/hostile-tokens.ts'
import type { Case } from '../fixtures/hostile-tokens.ts'
import { headerOf, payloadOf } from '../fixtures/jwt.ts'

const BEARERS = '/me'

/** The first and last characters of each part of a token, none of which may appear anywhere. */
function pieces (text: string): string[] {
  return text.split('.').flatMap((part) => part.length < 20 ? [] : [part.slice(0, 16), part.slice(-16)])
}

/** Makes all requests to check, except those whose responses contain new tokens for the client. */
async function attackAll (app: HostileApp, seen: (request: InjectOptions, texts: string[]) => Promise<void>): Promise<void> {
  const { access, refresh } = kindsOf(await app.login({ sub: 'anna' }))
  const cases = (kind: typeof access): Case[] =>
    [...wrongHeaders(kind), ...wrongKeys(kind), ...brokenTexts(kind), ...wrongPayloads(kind, { sub: [1, ''], sid: [null, {}], exp: ['x', null] }), ...mutations(kind, 40, 6)]

  for (const [, token] of cases(access)) {
    await seen({ url: BEARERS, headers: { authorization: `Bearer ${token}` } }, [token])
    await seen({ url: BEARERS, headers: { authorization: token } }, [token])
  }
  for (const [, token] of cases(refresh)) {
    const value = encodeURIComponent(Buffer.from(token).toString())
    await seen(refreshWith(value), [token])
    await seen({ ...refreshWith(value), url: '/auth/logout' }, [token])
    await seen(refreshWith(value, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }), [token])
  }
  const { genuine } = refresh
  for (const payload of [`{"refreshToken":"${genuine}"`, `{"refreshToken":${genuine}}`, `"${genuine}"`, `["${genuine}"]`, `{"refreshToken":["${genuine}"]}`, `{"__proto__":"${genuine}"}`, genuine, `{"refreshToken":"${genuine}","everywhere":"${genuine}"}`, `{"${genuine}":1`]) {
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
      for (const url of ['/auth/refresh', '/auth/logout']) await seen({ method: 'POST', url, headers: { 'content-type': type }, payload }, [genuine])
    }
  }
  await seen({ method: 'POST', url: '/auth/refresh', headers: { cookie: `__Host-refreshToken=${genuine}` }, payload: { refreshToken: genuine } }, [genuine])
}

function isClean (t: Test, where: string, text: string, secrets: string[]): void {
  const found = secrets.find((secret) => text.includes(secret))
  if (found !== undefined) t.fail(`${where} shows ${found}: ${text.slice(0, 2000)}`)
}

const KEYS = [SECRET, REFRESH_SECRET].flatMap((secret) => [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')])

t.test('no token, cookie, secret or key is in a log line, an error body or an event', async (t) => {
  const app = await createHostileApp(t, { refreshToken: { transport: 'both' } })
  let count = 0
  await attackAll(app, async (request, texts) => {
    const secrets = [...KEYS, ...texts.flatMap(pieces)]
    app.forget()
    const response = await app.send(request)
    count++
    if (response.statusCode < 400 && response.statusCode !== 204) t.fail(`${response.statusCode}: ${JSON.stringify(request)}`)
    isClean(t, 'the log', app.logged(), secrets)
    isClean(t, 'the answer', response.body + JSON.stringify(response.headers), secrets)
  })
  isClean(t, 'the events', JSON.stringify([app.events, app.published]), KEYS)
  t.ok(count > 1000, `${count} attacks`)
})

t.test('nor through pino at the level trace', async (t) => {
  let lines = ''
  const stream = new Writable({ write (chunk, _encoding, done) { lines += String(chunk); done() } })
  const app = await createHostileApp(t, { refreshToken: { transport: 'both' } }, { logger: { level: 'trace', stream }, loggerInstance: undefined as never })
  let count = 0
  await attackAll(app, async (request, texts) => {
    if (count++ % 7 !== 0) return
    lines = ''
    await app.send(request)
    isClean(t, 'the log', lines, [...KEYS, ...texts.flatMap(pieces)])
    if (!lines.includes('request completed')) t.fail('it logs')
  })
  t.ok(count > 1000)
})

t.test('nor where all goes well, or a token is used again, or the store is away, or the host\'s claims are', async (t) => {
  const faulty = createFaultyStore()
  let isAway = false
  const app = await createHostileApp(t, {
    store: faulty.store,
    storeTimeout: 1,
    routes: { sessions: true },
    claims ({ claims }) {
      if (isAway) throw new Error('away')
      return claims
    }
  })
  const secrets = [...KEYS]
  const keep = (...tokens: Array<string | undefined>): void => { secrets.push(...tokens.flatMap((token) => pieces(token ?? ''))) }

  const tab = await app.login({ sub: 'anna' })
  const stolen = app.client(tab.cookie)
  keep(tab.cookie, tab.accessToken)
  for (let turn = 0; turn < 3; turn++) {
    app.clock.now += MINUTE
    await tab.refresh()
    keep(tab.cookie, tab.accessToken)
  }
  for (const method of METHODS) {
    faulty.break(method, FAULTS.rejects)
    const { cookie } = tab
    await tab.refresh()
    if (method === 'find' || method === 'deleteAll') await tab.logout({ everywhere: true })
    await app.send({ url: '/auth/sessions', headers: { authorization: `Bearer ${tab.accessToken}` } })
    await app.send({ method: 'POST', url: '/login' })
    tab.cookie = cookie
  }
  await faulty.mend()
  isAway = true
  await tab.refresh()
  isAway = false
  await stolen.refresh()
  const other = await app.login({ sub: 'anna' })
  keep(other.cookie, other.accessToken)
  await app.send({ url: '/auth/sessions', headers: { authorization: `Bearer ${other.accessToken}` } })
  await other.logout()

  t.match(app.logged(), 'a refresh token was used again')
  t.match(app.logged(), 'the database is away', 'the log says what is wrong with the store')
  t.ok(app.events.some(({ type }) => type === 'reused'))
  isClean(t, 'the log', app.logged(), secrets)
  isClean(t, 'the events', JSON.stringify([app.events, app.published]), secrets)
})

t.test('what a host logs of our errors is clean too', async (t) => {
  const app = await createHostileApp(t)
  const texts: string[] = []
  app.app.setErrorHandler((error: Error, _request, reply) => {
    texts.push(`${error.message} ${error.stack} ${JSON.stringify(error)} ${JSON.stringify(Object.getOwnPropertyNames(error))}`)
    return reply.code(418).send()
  })
  const { refresh } = kindsOf(await app.login())
  const secrets = [...KEYS, ...pieces(refresh.genuine), ...pieces(refresh.other)]
  await app.send({ url: BEARERS, headers: { authorization: `Bearer ${refresh.genuine}` } })
  await app.send({ url: BEARERS, headers: { authorization: `Bearer ${sign({ ...headerOf(refresh.other), crit: ['exp'] }, payloadOf(refresh.other), SECRET)}` } })
  t.equal(texts.length, 2)
  isClean(t, 'the error', texts.join('\n'), secrets)
})
