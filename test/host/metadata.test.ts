import t from 'tap'
import { createApp } from '../fixtures/app.ts'

t.test('what is kept with a session', async (t) => {
  const headers = { 'user-agent': 'u'.repeat(1000), 'x-device': 'phone' }
  const kept = async (metadata?: unknown): Promise<unknown> => {
    const { app } = await createApp(t, metadata === undefined ? {} : { metadata: metadata as never })
    app.post('/named', async (_request, reply) => await reply.issueTokens({ sub: 'anna' }, { metadata: { name: 'mine' } }))
    await app.inject({ method: 'POST', url: '/named', headers })
    return (await app.sessions.list('anna'))[0]?.metadata
  }
  t.strictSame(await kept(), { userAgent: 'u'.repeat(256), ip: '127.0.0.1', name: 'mine' })
  t.strictSame(await kept(false), { name: 'mine' })
  t.strictSame(await kept(() => false), { name: 'mine' })
  t.strictSame(await kept((request: { headers: Record<string, string> }) => ({ device: request.headers['x-device'], name: 'theirs' })), { device: 'phone', name: 'mine' })
  for (const wrong of [true, null, 'ip', {}, []]) await t.rejects(kept(wrong), { code: 'FST_JWT_INVALID_OPTION', message: /^metadata is .*: give a function/ })
})

t.test('a function that answers with no object is a mistake of the host, and there is no session', async (t) => {
  for (const wrong of ['text', [], 1n, undefined, null]) {
    const { app, events } = await createApp(t, { metadata: (() => wrong) as never })
    t.equal((await app.inject({ method: 'POST', url: '/login' })).statusCode, 500)
    t.strictSame(events, [])
  }
})

t.test('a limit that is none is an error at boot', async (t) => {
  for (const maxSessionsPerSubject of [0, -1, 1.5, NaN, '10', null, false]) {
    await t.rejects(createApp(t, { maxSessionsPerSubject: maxSessionsPerSubject as never }), { code: 'FST_JWT_INVALID_OPTION', message: /^maxSessionsPerSubject is .*: give a whole number of at least 1, or Infinity/ })
  }
})
