import assert from 'node:assert/strict'
import { loginAs, testStore } from 'fastify-jwt-refresh/testing'
import { sqlStore, type RunSql, type SqlStore, type SqlStoreOptions } from 'fastify-jwt-refresh/sql'
import jwtRefresh from 'fastify-jwt-refresh'
import Fastify from 'fastify'

/** The parts of an app under test: the code of docs/orms.md, and functions for its users. */
export interface App {
  run: RunSql
  /** The options of the page, without the foreign key. */
  options: SqlStoreOptions
  store: SqlStore<RunSql>
  changePassword: (id: string, passwordHash: string) => Promise<void>
  addUser: () => Promise<string>
  removeUser: (id: string) => Promise<void>
  close: () => Promise<void>
}

interface Runner {
  test: (name: string, fn: () => Promise<void>) => unknown
  after: (fn: () => Promise<void>) => unknown
}

export function hold ({ test, after }: Runner, open: () => Promise<App>): void {
  const opened = open()
  after(async () => {
    const { close } = await opened
    await close()
  })
  async function user (): Promise<string> {
    const { addUser } = await opened
    return await addUser()
  }

  let free: Promise<SqlStore<RunSql>> | undefined
  testStore((name, check) => test(`any subject: ${name}`, check), async () => await (free ??= openFree()))
  async function openFree (): Promise<SqlStore<RunSql>> {
    const { run, options } = await opened
    const store = sqlStore(run, { ...options, table: 'without_users' })
    await store.migrate()
    return store
  }

  testStore((name, check) => test(`users: ${name}`, check), async () => (await opened).store, { subject: user })

  test('migrate() again', async () => {
    const { store } = await opened
    await store.migrate()
  })

  test('a login, a refresh, a logout', async () => {
    const { store } = await opened
    const app = Fastify()
    await app.register(jwtRefresh, { secret: 'a secret of more than thirty-two bytes', store })
    app.post('/login', async (_request, reply) => reply.issueTokens({ sub: await user() }))
    const login = await app.inject({ method: 'POST', url: '/login' })
    const cookies = Object.fromEntries(login.cookies.map(({ name, value }) => [name, value]))
    assert.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
    assert.equal((await app.inject({ method: 'POST', url: '/auth/logout', cookies })).statusCode, 204)
    assert.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 403)
    await app.close()
  })

  test('in a transaction of the app the sessions go with it, or stay with it', async () => {
    const { store, changePassword } = await opened
    const [ann, bob] = [await login(), await login()]
    await assert.rejects(changePassword(ann.subject, null as never))
    assert.equal((await store.find(ann.id))?.id, ann.id)
    await changePassword(ann.subject, 'another hash')
    assert.equal(await store.find(ann.id), null)
    assert.equal((await store.find(bob.id))?.id, bob.id)
  })

  test('a user who is deleted has no sessions', async () => {
    const { store, removeUser } = await opened
    const [ann, bob] = [await login(), await login()]
    await removeUser(ann.subject)
    assert.equal(await store.find(ann.id), null)
    assert.equal((await store.find(bob.id))?.id, bob.id)
  })

  async function login (): Promise<{ id: string, subject: string }> {
    const { store } = await opened
    const subject = await user()
    const app = Fastify()
    await app.register(jwtRefresh, { secret: 'a secret of more than thirty-two bytes', store })
    const { sessionId } = await loginAs(app, { sub: subject })
    await app.close()
    return { id: sessionId, subject }
  }
}
