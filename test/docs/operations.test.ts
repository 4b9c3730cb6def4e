import t from 'tap'
import { openPage } from '../fixtures/page.ts'

process.env.AUTH_SECRET = 'the secret of the page about operations, in an environment variable'
process.env.REFRESH_SECRET = 'another secret of that page, for refresh tokens'

t.setTimeout(120_000) // it builds the package

const { check, run } = await openPage('docs/operations.md')

check({
  Keys: [
    async (t, code) => {
      const { issuer, otherService } = await run(code, 'issuer', 'otherService')
      issuer.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'user-1' }))
      const login = await issuer.inject({ method: 'POST', url: '/login' })
      const orders = await otherService.inject({ url: '/orders', headers: { authorization: `Bearer ${login.json().accessToken}` } })
      t.strictSame(orders.json(), { of: 'user-1' })
      t.equal((await issuer.inject('/.well-known/jwks.json')).json().keys.length, 1)
    },
    async (t, code) => {
      const { verify } = await run(code)
      await t.rejects(verify('not a token'), { code: 'ERR_JWS_INVALID' })
    }
  ],
  'Behind a proxy': [
    async (t, code) => {
      const { app } = await run(code, 'app')
      app.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'user-1' }))
      const login = await app.inject({ method: 'POST', url: '/login' })
      t.match(login.cookies, [{ name: '__Secure-refreshToken', path: '/api/auth' }])
      const cookies = { '__Secure-refreshToken': login.cookies[0]?.value ?? '' }
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
    }
  ]
})
