// Servers that exchange a refresh token for a new access token and a new refresh token.

import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import { importEntry } from '../lib/build.js'
import { openTable } from '../lib/hand-written.js'
import { stores } from '../lib/stores.js'

const DAYS_7 = 7 * 86_400 // seconds

/**
 * The usual tutorial. Without a table, it can neither revoke a token nor detect a stolen one.
 *
 * @param {{ key: string, driver?: 'pg' | 'postgres.js' }} options `driver`: accepts each refresh token only once, by a table in PostgreSQL
 */
export async function recipe ({ key, driver }) {
  const table = driver && await openTable(driver)
  const app = Fastify()
  await app.register(fastifyCookie)
  await app.register(fastifyJwt, { secret: key, cookie: { cookieName: 'refreshToken', signed: false } })

  function answer (reply, sub, jti) {
    const refreshToken = app.jwt.sign({ sub, role: 'user', jti }, { expiresIn: '7d' })
    reply.setCookie('refreshToken', refreshToken, { path: '/auth', httpOnly: true, secure: true, sameSite: 'strict', maxAge: DAYS_7 })
    return { accessToken: app.jwt.sign({ sub, role: 'user' }, { expiresIn: '15m' }), tokenType: 'Bearer', expiresIn: 900 }
  }

  app.post('/login', async (_request, reply) => {
    const [sub, jti] = [randomUUID(), randomUUID()]
    await table?.add(sub, jti)
    return answer(reply, sub, jti)
  })
  app.post('/auth/refresh', async (request, reply) => {
    const { sub, jti } = await request.jwtVerify({ onlyCookie: true })
    const next = randomUUID()
    await table?.replace(sub, jti, next)
    return answer(reply, sub, next)
  })
  await app.ready()
  return app.server
}

/** The same routes without tokens: they respond with a body and a cookie of the same length. */
export async function bare () {
  const app = Fastify()
  const answer = { accessToken: 'x'.repeat(240), tokenType: 'Bearer', expiresIn: 900 }
  const cookie = `refreshToken=${'x'.repeat(400)}; Max-Age=2592000; Path=/auth; HttpOnly; Secure; SameSite=Strict`
  for (const path of ['/login', '/auth/refresh']) {
    app.post(path, async (_request, reply) => {
      reply.header('set-cookie', cookie)
      return answer
    })
  }
  await app.ready()
  return app.server
}

/** @param {{ key: string, store: keyof typeof stores, client?: object, prepare?: boolean, synchronous?: string, sessions?: number, folder?: string }} options */
export async function jwtRefresh ({ key, store, ...options }) {
  const { default: jwtRefresh } = await importEntry('.', options.folder)
  const app = Fastify()
  await app.register(jwtRefresh, {
    secret: key,
    store: await stores[store](options),
    // Clients do not wait 15 minutes between refreshes here. With an overlap of 0, each refresh is confirmed and rotated as usual.
    refreshToken: { overlap: 0 }
  })
  app.post('/login', (_request, reply) => reply.issueTokens({ sub: randomUUID(), role: 'user' }))
  await app.ready()
  return app.server
}

/** Uses the in-memory adapter and a public client, and rotates every refresh token. */
export async function oidcProvider ({ clients }) {
  const { default: Provider } = await import('oidc-provider')
  const provider = new Provider('http://127.0.0.1', {
    clients: [{
      client_id: 'app',
      token_endpoint_auth_method: 'none',
      grant_types: ['refresh_token', 'authorization_code'],
      redirect_uris: ['https://app.example.com/callback']
    }],
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true
  })
  const client = await provider.Client.find('app')
  const callback = provider.callback()

  async function logIn (response) {
    const accountId = randomUUID()
    const grant = new provider.Grant({ accountId, clientId: 'app' })
    grant.addOIDCScope('openid offline_access')
    const refreshToken = await new provider.RefreshToken({
      accountId, client, grantId: await grant.save(), gty: 'authorization_code', scope: 'openid offline_access'
    }).save()
    const body = JSON.stringify({ refresh_token: refreshToken })
    response.setHeader('content-length', Buffer.byteLength(body)).end(body)
  }
  return createServer((request, response) => request.url === '/login' ? logIn(response) : callback(request, response))
}

/** better-auth has no refresh tokens. Instead, each call extends the session. */
export async function betterAuth ({ key }) {
  const { createBetterAuth } = await import('./better-auth.js')
  const { auth, signUp, fromNodeHeaders } = await createBetterAuth(key, { updateAge: 0 })
  const app = Fastify()
  app.post('/login', signUp)
  app.post('/auth/refresh', async (request, reply) => {
    const { headers, response } = await auth.api.getSession({ headers: fromNodeHeaders(request.headers), returnHeaders: true })
    reply.header('set-cookie', headers.getSetCookie())
    return { user: response.user.id }
  })
  await app.ready()
  return app.server
}
