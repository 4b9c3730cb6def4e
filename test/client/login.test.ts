import t from 'tap'
import { AuthUnavailableError, LogInRefusedError } from '../../lib/client/index.ts'
import { createBrowser, settle } from '../fixtures/client.ts'
import { createGate } from '../fixtures/gate.ts'
import { SECOND } from '../fixtures/app.ts'

const LOGIN = 'POST /login'
const REFRESH = 'POST /auth/refresh'

t.test('logIn posts JSON, takes the session over, and answers with the snapshot', async (t) => {
  const browser = await createBrowser(t)
  const inits: RequestInit[] = []
  const [one, two] = [browser.newTab({
    headers: { 'x-csrf': '1' },
    fetch: async (input, init) => {
      inits.push(init!)
      return await browser.fetch(input, init)
    }
  }), browser.newTab()]
  const snapshot = await one.auth.logIn({ sub: 'anna', name: 'Anna' })
  t.match(snapshot, { status: 'signed-in', claims: { sub: 'anna', name: 'Anna' } })
  t.equal(snapshot, one.auth.getSnapshot())
  t.match(inits, [{ method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json', 'x-csrf': '1' }, body: '{"sub":"anna","name":"Anna"}' }])
  await settle()
  t.equal(two.auth.getSnapshot().claims?.sub, 'anna', 'other tabs hear of it')
  t.equal((await one.auth.fetch('/me')).status, 200)
  t.equal((await one.auth.refresh()).status, 'signed-in', 'its cookie is there')
})

t.test('of several login routes, the first one', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({ loginPath: ['/login', '/confirm-password'] })
  t.equal((await auth.logIn({})).status, 'signed-in')
})

const REFUSALS: Array<[answer: () => Response, body: unknown]> = [
  [() => Response.json({ error: 'wrong password' }, { status: 401 }), { error: 'wrong password' }],
  [() => new Response('busy', { status: 429 }), 'busy'],
  [() => new Response('<h1>Bad gateway</h1>', { status: 502 }), '<h1>Bad gateway</h1>'],
  [() => new Response(null, { status: 204 }), ''],
  [() => Response.json({ secondFactor: 'totp' }), { secondFactor: 'totp' }],
  [() => Response.json(null), null],
  [() => Response.json({ accessToken: 'e30.bnVsbA.x', expiresIn: 60 }, { status: 403 }), Object]
]
for (const [answer, body] of REFUSALS) {
  const { status } = answer()
  t.test(`a refusal with ${status} and ${JSON.stringify(body)}`, async (t) => {
    const browser = await createBrowser(t)
    const { auth } = browser.newTab()
    await auth.ready()
    browser.intercept = ({ url }) => url.endsWith('/login') ? answer() : undefined
    const error = await auth.logIn({ password: 'secret' }).catch((error: unknown) => error)
    t.type(error, LogInRefusedError)
    t.match(error, { name: 'LogInRefusedError', status, body })
    t.equal((error as Error).message, `POST http://localhost/login answered ${status}`)
    t.notMatch(String(error), 'secret')
    t.equal(auth.getSnapshot().status, 'signed-out')
    browser.intercept = () => {}
    t.equal((await auth.logIn({})).status, 'signed-in', 'the next one is free to try')
  })
}

t.test('a route that is not there says which option to check', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab({ loginPath: '/log-in' })
  await t.rejects(auth.logIn({}), { name: 'LogInRefusedError', status: 404, message: 'POST http://localhost/log-in answered 404: is loginPath right?' })
})

t.test('a server that is away is no refusal, and who is signed in stays so', async (t) => {
  const browser = await createBrowser(t)
  const { auth } = browser.newTab()
  await auth.logIn({})
  browser.intercept = () => { throw new TypeError('fetch failed') }
  await t.rejects(auth.logIn({}), AuthUnavailableError)
  t.equal(auth.getSnapshot().status, 'signed-in')
})

t.test('it waits for a refresh under way, in whatever tab, and a refresh waits for it', async (t) => {
  const browser = await createBrowser(t)
  const gates = [createGate(), createGate()] as const
  browser.intercept = async ({ url }) => {
    if (url.endsWith('/refresh')) await gates[0].opened
    if (url.endsWith('/login')) await gates[1].opened
  }
  const [one, two] = [browser.newTab(), browser.newTab()]
  const before = two.auth.ready()
  await settle()
  const login = one.auth.logIn({})
  await settle()
  t.equal(browser.count(LOGIN), 0)
  gates[0].open()
  await before
  await settle()
  t.equal(browser.count(LOGIN), 1)
  const after = one.auth.ready()
  await settle()
  gates[1].open()
  t.equal((await login).status, 'signed-in')
  await after
  t.equal(browser.count(REFRESH), 1)
  browser.clock.now += SECOND
  t.equal((await one.auth.refresh()).status, 'signed-in')
})

t.test('an error of the kind can be made by hand, for a test of an app', async (t) => {
  t.match(new LogInRefusedError('no', 401, { code: 'X' }), { name: 'LogInRefusedError', message: 'no', status: 401, body: { code: 'X' } })
})
