import { once } from 'node:events'
import { connect } from 'node:http2'
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import jwtRefresh from '../../index.ts'
import { withDefaults } from '../fixtures/host-app/host.ts'

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** An HTTP/2 app that listens on a socket, and a client. */
async function start (t: Test) {
  const app = Fastify({ http2: true })
  await app.register(jwtRefresh, withDefaults({ refreshToken: { transport: 'both' } }))
  app.post('/login', async (_request, reply) => reply.issueTokens({ sub: 'user-1' }))
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const client = connect(origin)
  t.teardown(async () => {
    client.destroy()
    await app.close()
  })
  return { client, origin }
}

async function send (client: ClientHttp2Session, headers: OutgoingHttpHeaders, payload?: string): Promise<Answer> {
  const stream = client.request(headers, { endStream: payload === undefined })
  if (payload !== undefined) stream.end(payload)
  const [answer] = await once(stream, 'response') as [IncomingHttpHeaders & { ':status'?: number }]
  return { status: answer[':status'] ?? 0, headers: answer, body: await text(stream) }
}

const post = (path: string, headers: OutgoingHttpHeaders = {}): OutgoingHttpHeaders => ({ ':method': 'POST', ':path': path, ...headers })

async function login (client: ClientHttp2Session): Promise<{ accessToken: string, cookie: string }> {
  const { headers, body } = await send(client, post('/login'))
  return { ...JSON.parse(body), cookie: headers['set-cookie']?.[0]?.split(';')[0] }
}

t.test('over http2 a login, a protected route, a refresh and a logout', async (t) => {
  const { client } = await start(t)
  const { accessToken, cookie } = await login(client)
  const me = await send(client, { ':path': '/me', authorization: `Bearer ${accessToken}` })
  t.match(JSON.parse(me.body), { sub: 'user-1' })
  t.equal((await send(client, { ':path': '/me' })).headers['www-authenticate'], 'Bearer')
  const refreshed = await send(client, post('/auth/refresh', { cookie }))
  t.equal(refreshed.status, 200)
  t.match(refreshed.headers, { 'cache-control': 'private, no-store', 'set-cookie': [/^__Host-refreshToken=/] })
  t.equal((await send(client, post('/auth/logout', { cookie }))).status, 204)
})

t.test('an http2 client may split its cookies over several header fields (RFC 9113 §8.2.3)', async (t) => {
  const { client } = await start(t)
  const { cookie } = await login(client)
  const response = await send(client, post('/auth/refresh', { cookie: ['theme=dark', cookie, 'lang=en'] }))
  t.equal(response.status, 200)
})

t.test('over http2 the :authority is the host that an Origin is compared with', async (t) => {
  const { client, origin } = await start(t)
  const { cookie } = await login(client)
  t.equal((await send(client, post('/auth/refresh', { cookie, origin }))).status, 200)
  const refused = await send(client, post('/auth/refresh', { cookie, origin: 'https://evil.example' }))
  t.equal(JSON.parse(refused.body).code, 'FST_JWT_CROSS_SITE_REQUEST')
})

t.test('over http2 a body of JSON, of an empty object and of nothing', async (t) => {
  const { client } = await start(t)
  const { cookie } = await login(client)
  const json = { 'content-type': 'application/json' }
  t.equal((await send(client, post('/auth/refresh', { cookie, ...json }), '{}')).status, 200)
  t.equal((await send(client, post('/auth/refresh', { cookie, ...json }), '')).status, 200)
  const token = cookie.slice('__Host-refreshToken='.length)
  const inBody = await send(client, post('/auth/refresh', json), JSON.stringify({ refreshToken: token }))
  t.equal(inBody.status, 200)
  t.equal((await send(client, post('/auth/refresh', json), '{"refreshToken":1}')).status, 400)
})
