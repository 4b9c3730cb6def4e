import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { addPlugin, cookieNames, host, login, refresh, setCookies } from '../fixtures/host-app/host.ts'

const PARSE_OPTIONS = { domain: 'host.example', path: '/everything', signed: true, maxAge: 1 }
const COOKIE = { secret: 'the cookie secret of the host', parseOptions: PARSE_OPTIONS }

/** Routes that set a cookie of the app before or after the plugin's. */
function addMixedRoutes (app: FastifyInstance): void {
  app.post('/host-first', async (_request, reply) => {
    reply.setCookie('theme', 'dark')
    return reply.issueTokens({ sub: 'user-1' })
  })
  app.post('/ours-first', async (_request, reply) => {
    const tokens = await reply.issueTokens({ sub: 'user-1' })
    reply.setCookie('theme', 'dark').setCookie('lang', 'en')
    return tokens
  })
  app.post('/clear-theirs', async (_request, reply) => {
    reply.clearCookie('theme')
    return reply.issueTokens({ sub: 'user-1' })
  })
  app.get('/cookies', async (request) => request.cookies)
}

/** All places where an app can register its own `@fastify/cookie`. */
const PLACES: Record<string, (app: FastifyInstance) => Promise<void>> = {
  async 'before the plugin' (app) {
    await app.register(fastifyCookie, COOKIE)
    await addPlugin(app)
    addMixedRoutes(app)
  },
  async 'after the plugin' (app) {
    await addPlugin(app)
    await app.register(fastifyCookie, COOKIE)
    addMixedRoutes(app)
  },
  async 'above the plugin' (app) {
    app.register(fastifyCookie, COOKIE)
    app.register(async (scope) => {
      await addPlugin(scope)
      addMixedRoutes(scope)
    })
  },
  async 'below the plugin' (app) {
    await addPlugin(app)
    app.register(async (scope) => {
      await scope.register(fastifyCookie, COOKIE)
      addMixedRoutes(scope)
    })
  }
}

for (const [place, build] of Object.entries(PLACES)) {
  t.test(`a host's @fastify/cookie ${place}`, async (t) => {
    const app = host(t)
    await build(app)

    t.test('takes nothing from our cookie and gives nothing to it', async (t) => {
      const response = await app.inject({ method: 'POST', url: '/login', payload: {} })
      const [cookie, ...others] = setCookies(response)
      t.strictSame(others, [])
      t.match(cookie, /^__Host-refreshToken=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    })

    t.test('sets its cookie on the reply of issueTokens, before it and after it', async (t) => {
      const first = await app.inject({ method: 'POST', url: '/host-first' })
      t.strictSame(cookieNames(first).sort(), ['__Host-refreshToken', 'theme'])
      const last = await app.inject({ method: 'POST', url: '/ours-first' })
      t.strictSame(cookieNames(last).sort(), ['__Host-refreshToken', 'lang', 'theme'])

      for (const response of [first, last]) {
        const theme = setCookies(response).find((cookie) => cookie.startsWith('theme='))
        t.match(theme, /^theme=dark\.\S+; Max-Age=1; Domain=host\.example; Path=\/everything; SameSite=Lax$/, 'with the options of the host')
        const ours = setCookies(response).find((cookie) => cookie.startsWith('__Host-refreshToken='))
        t.match(ours, /; Path=\/; /)
      }
    })

    t.test('clears its own cookie and leaves ours', async (t) => {
      const response = await app.inject({ method: 'POST', url: '/clear-theirs' })
      t.strictSame(cookieNames(response).sort(), ['__Host-refreshToken', 'theme'])
      t.ok(response.cookies.find(({ name }) => name === '__Host-refreshToken')?.value)
      t.equal(response.cookies.find(({ name }) => name === 'theme')?.value, '')
    })

    t.test('reads the cookies of its own routes', async (t) => {
      const response = await app.inject({ url: '/cookies', cookies: { theme: 'dark', refreshToken: 'x' } })
      t.strictSame(response.json(), { theme: 'dark', refreshToken: 'x' })
    })

    t.test('sees a refresh and a logout work', async (t) => {
      const browser = await login(app)
      const refreshed = await refresh(app, browser)
      t.equal(refreshed.statusCode, 200)
      t.match(setCookies(refreshed), [/^__Host-refreshToken=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/])
      const loggedOut = await app.inject({ method: 'POST', url: '/auth/logout', cookies: browser.cookies })
      t.equal(loggedOut.statusCode, 204)
      t.match(setCookies(loggedOut), [/^__Host-refreshToken=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict$/])
    })
  })
}

t.test('a host\'s @fastify/cookie beside the plugin serves its own scope', async (t) => {
  const app = host(t)
  await app.register(async (scope) => addPlugin(scope))
  await app.register(async (scope) => {
    await scope.register(fastifyCookie, COOKIE)
    scope.get('/theme', async (_request, reply) => {
      reply.setCookie('theme', 'dark', { signed: false })
      return {}
    })
  })
  t.match(setCookies(await app.inject('/theme')), [/^theme=dark; /])
  t.equal((await refresh(app, await login(app))).statusCode, 200)
})

t.test('a host with hook: false, which parses no cookies by itself, can still be refreshed', async (t) => {
  const app = host(t)
  await app.register(fastifyCookie, { hook: false })
  await addPlugin(app)
  app.get('/cookies', async (request) => ({ cookies: request.cookies }))
  const browser = await login(app)
  t.equal((await refresh(app, browser)).statusCode, 200)
  t.strictSame((await app.inject({ url: '/cookies', cookies: browser.cookies })).json(), { cookies: null }, 'and parses none because of us')
})

t.test('a decoder of the host\'s own is not in the way of our cookie, which is set as it is', async (t) => {
  const app = host(t)
  const decode = (value: string): string => [...value].reverse().join('')
  await app.register(fastifyCookie, { hook: false, parseOptions: { decode } as object })
  await addPlugin(app)
  t.equal((await refresh(app, await login(app))).statusCode, 200)
})

t.test('issueTokens twice on one reply leaves one cookie, the last', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.post('/twice', async (_request, reply) => {
    await reply.issueTokens({ sub: 'first' })
    reply.header('set-cookie', 'theme=dark')
    return reply.issueTokens({ sub: 'second' })
  })
  const response = await app.inject({ method: 'POST', url: '/twice' })
  t.strictSame(cookieNames(response), ['theme', '__Host-refreshToken'])
  const cookies = { '__Host-refreshToken': response.cookies.find(({ name }) => name === '__Host-refreshToken')?.value ?? '' }
  const refreshed = await refresh(app, { cookies })
  const { accessToken } = refreshed.json()
  t.equal((await app.inject({ url: '/me', headers: { authorization: `Bearer ${accessToken}` } })).json().sub, 'second')
})

t.test('issueTokens after revokeTokens, a change of user, leaves the new cookie alone', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.post('/switch', async (_request, reply) => {
    await reply.revokeTokens()
    const tokens = await reply.issueTokens({ sub: 'other' })
    reply.code(200)
    return tokens
  })
  const before = await login(app)
  const response = await app.inject({ method: 'POST', url: '/switch', cookies: before.cookies })
  t.equal(response.statusCode, 200)
  t.equal(setCookies(response).length, 1)
  t.ok(response.cookies[0]?.value)
  t.equal((await refresh(app, before)).json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
})

t.test('a host clears an older cookie of our name on another path beside the new one', async (t) => {
  // The app replaces a cookie of its own: both headers must reach the browser.
  const app = host(t)
  await app.register(fastifyCookie)
  await addPlugin(app, { cookie: { name: 'session', path: '/auth' } })
  app.post('/move', async (_request, reply) => {
    reply.clearCookie('session', { path: '/' })
    return reply.issueTokens({ sub: 'user-1' })
  })
  const { cookies } = await app.inject({ method: 'POST', url: '/move' })
  t.strictSame(cookies.map(({ path, value }) => [path, value !== '']).sort(), [['/', false], ['/auth', true]])
})

t.test('a cookie whose name only begins like ours stays on the reply', async (t) => {
  const app = host(t)
  await addPlugin(app)
  app.post('/near', async (_request, reply) => {
    reply.header('set-cookie', ['__Host-refreshTokenHint=1; Path=/', '__Host-refreshToken=old; Path=/'])
    return reply.issueTokens({ sub: 'user-1' })
  })
  const response = await app.inject({ method: 'POST', url: '/near' })
  t.strictSame(cookieNames(response), ['__Host-refreshTokenHint', '__Host-refreshToken'])
  t.notMatch(response.headers['set-cookie'], /__Host-refreshToken=old/)
})

t.test('a __Host- cookie is cleared with all that its name demands, whatever the host\'s options are', async (t) => {
  const app = host(t)
  await app.register(fastifyCookie, COOKIE)
  await addPlugin(app, { cookie: { name: '__Host-session' } })
  const response = await app.inject({ method: 'POST', url: '/auth/logout', cookies: { '__Host-session': 'x' } })
  t.strictSame(setCookies(response), ['__Host-session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict'])
})

t.test('a login sets a cookie of up to 4096 bytes, all its attributes counted', async (t) => {
  for (const cookie of [undefined, { name: 'n'.repeat(500), path: '/', domain: 'example.com' }]) {
    const app = host(t)
    await addPlugin(app, { cookie })
    const lengths = new Set<number>()
    for (let length = 1800; length < 2800; length += 3) {
      const [line] = setCookies(await app.inject({ method: 'POST', url: '/login', payload: { sub: 'x'.repeat(length) } }))
      if (line !== undefined) lengths.add(line.length)
    }
    const longest = Math.max(...lengths)
    t.ok(longest <= 4096 && longest > 4092, `the longest has ${longest}`)
  }
})

t.test('without @fastify/cookie a host has no cookie decorators from us', async (t) => {
  const app = host(t)
  await addPlugin(app)
  t.notOk(app.hasDecorator('serializeCookie'))
  t.notOk(app.hasRequestDecorator('cookies'))
  t.notOk(app.hasReplyDecorator('setCookie'))
})
