import t from 'tap'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { createDemoStore } from '../../examples/theft/store.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { DeviceBrowser } from '../fixtures/device.ts'
import { createExample } from '../fixtures/example.ts'

/** A browser with cookies, and a thief with a copy of them. */
class Players {
  readonly #app: FastifyInstance
  readonly #setting: string
  cookie = ''
  stolen = ''

  constructor (app: FastifyInstance, setting: string) {
    this.#app = app
    this.#setting = setting
  }

  async post (path: string, payload?: object): Promise<LightMyRequestResponse> {
    const answer = await this.#app.inject({ method: 'POST', url: `/theft/${this.#setting}${path}`, headers: { cookie: this.cookie }, ...(payload && { payload }) })
    const [set] = answer.cookies
    if (set !== undefined) this.cookie = `${set.name}=${set.value}`
    return answer
  }

  async copy (): Promise<void> {
    this.stolen = (await this.post('/copy')).json().cookie
  }

  async replay (): Promise<number> {
    const { statusCode, cookie } = (await this.post('/replay', { cookie: this.stolen })).json()
    this.stolen = cookie
    return statusCode
  }

  async family (): Promise<any> {
    return (await this.#app.inject({ url: `/theft/${this.#setting}/family`, headers: { cookie: this.cookie } })).json()
  }
}

async function rulesOf (players: Players): Promise<string[]> {
  const { family } = await players.family()
  return family.steps.filter(({ action }: any) => action === 'refresh').map(({ player, rule }: any) => `${player} ${rule}`)
}

t.test('with rotation, the family is recorded until the theft is detected', async (t) => {
  const { app, events } = await createExample(t)
  const players = new Players(app, 'rotation')
  t.strictSame((await players.family()).family, null)
  t.equal((await players.post('/copy')).statusCode, 404, 'there is nothing to copy yet')

  await players.post('/login')
  t.match(players.cookie, /^__Host-demo-rotation=/)
  await players.copy()
  t.equal(`__Host-demo-rotation=${players.stolen}`, players.cookie)
  for (const isThief of [true, false, true]) {
    await players.post('/wait')
    t.equal(isThief ? await players.replay() : (await players.post('/auth/refresh')).statusCode, 200)
  }
  const { session } = await players.family()
  t.match(session, { generation: 2, isBound: false })
  const refused = await players.post('/auth/refresh')
  t.match(refused.json(), { statusCode: 403, code: 'FST_JWT_REFRESH_TOKEN_REVOKED' })

  const { family, ...after } = await players.family()
  t.equal(after.session, null)
  t.match(family.tokens.map(({ generation, holders }: any) => [generation, ...holders]), [[1, 'victim', 'thief'], [2, 'thief'], [2, 'victim'], [3, 'thief']])
  t.equal(family.tokens[1].parent, family.tokens[0].id)
  t.strictSame(family.steps.map(({ action, player }: any) => player === null ? action : `${player} ${action}`), [
    'victim login', 'thief copy', 'wait', 'thief refresh', 'wait', 'victim refresh', 'wait', 'thief refresh', 'victim refresh'
  ])
  t.match(family.steps.at(-1), { rule: 'reuse', status: 403, code: 'FST_JWT_REFRESH_TOKEN_REVOKED', token: family.tokens[2].id })
  t.equal(await players.replay(), 403)
  t.strictSame(await rulesOf(players), ['thief confirm', 'victim retry', 'thief confirm', 'victim reuse', 'thief revoked'])
  t.match(events.map(({ type }) => type), ['issued', 'refreshed', 'refreshed', 'refreshed', 'reused'], 'the terminal shows them, too')
})

t.test('without waiting, tokens are young and retries get no child', async (t) => {
  const { app } = await createExample(t)
  const players = new Players(app, 'rotation')
  await players.post('/login')
  await players.copy()
  for (let times = 0; times < 2; times++) await players.post('/auth/refresh')
  t.equal(await players.replay(), 200)
  t.strictSame(await rulesOf(players), ['victim confirm', 'victim young', 'thief retry'])
  t.equal((await players.family()).family.tokens.length, 2)
})

t.test('a store that loses its last write is healed by a token that is ahead', async (t) => {
  const { app, events } = await createExample(t)
  const players = new Players(app, 'rotation')
  await players.post('/login')
  t.equal((await players.post('/lose')).statusCode, 409, 'nothing was written after the login')
  for (let times = 0; times < 2; times++) {
    await players.post('/auth/refresh')
    await players.post('/wait')
  }
  t.equal((await players.family()).session.generation, 2)
  t.equal((await players.post('/lose')).statusCode, 200)
  t.equal((await players.family()).session.generation, 1)
  t.equal((await players.post('/lose')).statusCode, 409, 'one write is lost, not two')
  t.equal((await players.post('/auth/refresh')).statusCode, 200)
  t.equal((await players.family()).session.generation, 3)
  t.strictSame(await rulesOf(players), ['victim confirm', 'victim confirm', 'victim ahead'])
  t.match(events.at(-1), { type: 'recovered', generation: 3, expected: 1 })
})

t.test('with strict rotation, the second use is the last', async (t) => {
  const { app } = await createExample(t)
  const players = new Players(app, 'strict')
  await players.post('/login')
  await players.copy()
  t.equal(await players.replay(), 200)
  t.equal((await players.post('/auth/refresh')).statusCode, 403)
  t.strictSame(await rulesOf(players), ['thief confirm', 'victim reuse'])
})

t.test('without rotation, nothing is ever detected', async (t) => {
  const { app } = await createExample(t)
  const players = new Players(app, 'none')
  await players.post('/login')
  await players.copy()
  for (let times = 0; times < 3; times++) {
    await players.post('/wait')
    t.equal(await players.replay(), 200)
    t.equal((await players.post('/auth/refresh')).statusCode, 200)
  }
  t.strictSame(new Set(await rulesOf(players)), new Set(['thief static', 'victim static']))
})

t.test('a browser that has registered a key makes the copy useless', async (t) => {
  const { app, clock } = await createExample(t)
  const browser = new DeviceBrowser(app)
  await browser.post('/theft/bound/login')
  await browser.register()
  const players = new Players(app, 'bound')
  players.cookie = `__Host-demo-bound=${browser.jar.get('__Host-demo-bound')}`
  await players.copy()
  await players.post('/wait')
  t.equal(await players.replay(), 403)
  t.equal((await browser.post('/theft/bound/auth/refresh')).statusCode, 200)
  clock.now += 60_000
  t.equal(await players.replay(), 403)
  const { family, session } = await players.family()
  t.equal(session.isBound, true)
  t.strictSame(family.tokens.map(({ hasKey }: any) => hasKey), [false, true, true])
  t.strictSame(family.steps.map(({ action }: any) => action), ['login', 'register', 'copy', 'wait', 'refresh', 'refresh', 'refresh'])
  t.strictSame(await rulesOf(players), ['thief proof', 'victim confirm', 'thief proof'])
})

t.test('the settings know nothing of one another, nor of the app', async (t) => {
  const { app } = await createExample(t)
  const players = new Players(app, 'rotation')
  const { accessToken } = (await players.post('/login')).json()
  t.equal((await app.inject({ url: '/api/profile', headers: { authorization: `Bearer ${accessToken}` } })).statusCode, 401)
  const value = players.cookie.split('=')[1]
  const elsewhere = await app.inject({ method: 'POST', url: '/theft/strict/auth/refresh', headers: { cookie: `__Host-demo-strict=${value}` } })
  t.match(elsewhere.json(), { statusCode: 403, code: 'FST_JWT_REFRESH_TOKEN_INVALID' })
})

t.test('a cookie that is no token, and one of a family that is forgotten', async (t) => {
  const { app } = await createExample(t)
  const players = new Players(app, 'rotation')
  players.cookie = '__Host-demo-rotation=nonsense'
  t.equal((await players.family()).family, null)
  t.equal((await players.post('/auth/refresh')).statusCode, 403)
  t.equal((await players.post('/wait')).statusCode, 200)
  t.equal((await players.post('/replay', {})).statusCode, 400)

  await players.post('/login')
  const first = players.cookie
  for (let logins = 0; logins < 50; logins++) {
    players.cookie = ''
    await players.post('/login')
  }
  t.not((await players.family()).family, null)
  players.cookie = first
  t.equal((await players.family()).family, null, 'the latest fifty are kept')
})

t.test('over plain http for Safari no session can be bound', async (t) => {
  const { INSECURE_COOKIE } = process.env
  t.teardown(() => {
    if (INSECURE_COOKIE === undefined) delete process.env.INSECURE_COOKIE
    else process.env.INSECURE_COOKIE = INSECURE_COOKIE
  })
  process.env.INSECURE_COOKIE = '1'
  const { app } = await createExample(t)
  const players = new Players(app, 'bound')
  const login = await players.post('/login')
  t.notMatch(login.headers['set-cookie'], 'Secure')
  t.equal(login.headers['secure-session-registration'], undefined)
  t.equal((await players.post('/auth/refresh')).statusCode, 200)
})

t.test('the store of the demo keeps the contract', async (t) => {
  const now = (): number => Date.now()
  testStore(t.test.bind(t), () => createDemoStore(now))
  const store = createDemoStore(now)
  await store.sweep?.()
  t.equal(await store.loseLastWrite('nobody'), false)
})
