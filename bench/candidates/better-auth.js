import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { fromNodeHeaders } from 'better-auth/node'

/** Uses the in-memory adapter, which is faster than any database. */
export async function createBetterAuth (secret, session = {}) {
  const auth = betterAuth({
    secret,
    baseURL: 'http://127.0.0.1',
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    session
  })

  let users = 0
  async function signUp (_request, reply) {
    const { headers } = await auth.api.signUpEmail({
      body: { name: 'Anna', email: `anna${users++}@example.com`, password: 'a password that nobody guesses' },
      returnHeaders: true
    })
    reply.header('set-cookie', headers.getSetCookie())
    return { hello: 'world' }
  }
  return { auth, signUp, fromNodeHeaders }
}
