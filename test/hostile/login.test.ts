import t from 'tap'
import { refreshCookie } from '../fixtures/app.ts'
import { createHostileApp } from '../fixtures/hostile-app.ts'

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
  t.equal(await cacheOf('/page', { refreshToken }), 'private, no-store')
  t.equal(await cacheOf('/page', { refreshToken }), 'no-store', 'where the refresh sets no cookie, the page may still show an access token')
  t.equal(await cacheOf('/news'), 'public, max-age=3600')
})
