import t from 'tap'
import { openPage } from '../fixtures/page.ts'

process.env.AUTH_SECRET = 'the secret of the reference, in an environment variable'

t.setTimeout(120_000) // it builds the package and compiles what is TypeScript

const { check, run, compileBlock } = await openPage('docs/reference.md')

check({
  Decorators: [
    async (t, code) => {
      const { app } = await run(code, 'app')
      const login = await app.inject({ method: 'POST', url: '/login' })
      const headers = { authorization: `Bearer ${login.json().accessToken}` }
      t.strictSame((await app.inject('/news')).json(), { reader: 'anonymous' })
      t.strictSame((await app.inject({ url: '/news', headers })).json(), { reader: 'user-1' })
      t.equal((await app.inject('/me')).statusCode, 401)
      t.equal((await app.inject({ method: 'DELETE', url: '/account', headers })).statusCode, 204)
      t.equal((await app.inject({ method: 'DELETE', url: '/account', headers })).json().code, 'FST_JWT_SESSION_ENDED')
    }
  ],
  Routes: [
    async (t, code) => {
      const { app } = await run(code, 'app')
      for (let i = 0; i < 30; i++) t.equal((await app.inject({ method: 'POST', url: '/auth/refresh' })).statusCode, 403)
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh' })).statusCode, 429)
      t.equal((await app.inject('/auth/devices')).statusCode, 401)
    }
  ],
  Options: [
    async (t, code) => {
      const { app, users } = await run(code.replace('{ logger: true }', ''), 'app', 'users')
      app.post('/login', async (_request: unknown, reply: any) => reply.issueTokens({ sub: 'user-1' }))
      const login = await app.inject({ method: 'POST', url: '/login' })
      t.match(login.headers['set-cookie'], /^__Host-refresh=.*; Path=\/;/)
      const cookies = { '__Host-refresh': login.cookies[0]?.value ?? '' }
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
      users.get('user-1').isLocked = true
      t.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 403)
    }
  ],
  TypeScript: [
    async (_t, code) => compileBlock(code, 'claims'),
    async (_t, code) => compileBlock(code, 'renamed')
  ]
})
