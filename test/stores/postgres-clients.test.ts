import { test } from 'tap'
import { migrationSql, postgresStore, type Queryable } from '../../lib/stores/postgres/index.ts'
import { sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'

// Tests what the store passes to its client, and its errors if the client does not respond like pg. Needs no database.

/** The result of a successful check before the first query. */
const WELL = { server_encoding: 'UTF8', first_schema: 'public', table_schema: 'public', has_bound_to: true }
const isCheck = ([query]: unknown[]): boolean => JSON.stringify(query).includes('server_encoding')

/** Records all queries and returns empty results. */
function recorder (): Queryable & { asked: unknown[][] } {
  const asked: unknown[][] = []
  return {
    asked,
    query: async (...args: unknown[]) => {
      asked.push(args)
      return { rows: isCheck(args) ? [WELL] : [] }
    }
  }
}

const refused = (message: RegExp) => ({ code: 'FST_JWT_INVALID_OPTION', message })

test('a rotation is one query, unnamed unless asked', async (t) => {
  const session = sampleSession()
  for (const prepare of [false, true]) {
    const db = recorder()
    const store = postgresStore(db, { prepare })
    await store.find(session.id)
    db.asked.length = 0
    t.equal(await store.rotate(session.id, session.current, sampleRotation(session), Date.now()), null)
    t.equal(db.asked.length, 1)
    const [first] = db.asked[0] as [unknown]
    t.match(first, prepare ? { name: /^jwtr_[0-9a-f]{40}$/, text: /^UPDATE "jwt_refresh_sessions"/ } : /^UPDATE "jwt_refresh_sessions"/)
  }
})

test('the first query checks the client and the table, and the others do not', async (t) => {
  const db = recorder()
  const store = postgresStore(db)
  await store.find('x')
  await store.find('y')
  t.strictSame(db.asked.map(isCheck), [true, false, false])
  const migrated = postgresStore(db)
  db.asked.length = 0
  await migrated.migrate()
  await migrated.find('x')
  t.strictSame(db.asked.map(isCheck), [true, false, true, false], 'migrate has done it')
})

test('a check that failed is done again, and one that hangs holds up nobody', async (t) => {
  let act: () => Promise<unknown> = async () => { throw new Error('away') }
  const store = postgresStore({ query: async (...args) => (isCheck(args) ? await act() : { rows: [] }) as { rows: unknown[] } })
  await t.rejects(store.find('x'), { message: 'away' })
  act = () => new Promise(() => {})
  let answered = false
  store.find('x').then(() => { answered = true }, () => {})
  act = async () => ({ rows: [WELL] })
  t.equal(await store.find('x'), null)
  t.notOk(answered)
})

test('no value is undefined', async (t) => {
  const db = recorder()
  const store = postgresStore(db)
  const session = sampleSession()
  await store.create(session)
  await store.find(session.id)
  await store.rotate(session.id, session.current, sampleRotation(session), Date.now())
  await store.delete(session.id, undefined)
  await store.list(session.subject)
  await store.deleteAll(session.subject, undefined)
  await store.sweep()
  t.equal(db.asked.length, 9)
  for (const [, values] of db.asked) t.notOk((values as unknown[]).includes(undefined))
})

test('refuses a client that does not answer as pg does, at migrate and at the first query', async (t) => {
  const answers: Array<[what: string, answer: unknown, message: RegExp]> = [
    ['bare rows', [WELL], /answers with an array instead of \{ rows \}.*dataSource\.driver\.master.*db\.\$pool/],
    ['nothing', undefined, /answers with undefined instead of/],
    ['rows that are none', { rows: {} }, /instead of \{ rows \}/],
    ['other names', { rows: [{ serverEncoding: 'UTF8', firstSchema: 'public', tableSchema: 'public' }] }, /server_encoding came back as "serverEncoding".*renames nothing/],
    ['rows as arrays', { rows: [['UTF8', 'public', 'public']] }, /server_encoding came back as "0".*makes no arrays/],
    ['no row', { rows: [] }, /server_encoding came back as undefined/],
    ['another encoding', { rows: [{ ...WELL, server_encoding: 'LATIN1' }] }, /encoded in LATIN1.*ENCODING 'UTF8'/]
  ]
  for (const [what, answer, message] of answers) {
    const asked: unknown[] = []
    const store = postgresStore({ query: async (text) => { asked.push(text); return answer as { rows: unknown[] } } })
    await t.rejects(store.migrate(), refused(message), what)
    await t.rejects(store.create(sampleSession()), refused(message), what)
    t.equal(asked.length, 2, 'nothing was made or written')
  }
})

test('bare rows are refused at any later query, too', async (t) => {
  const store = postgresStore({ query: async (...args) => (isCheck(args) ? { rows: [WELL] } : []) as { rows: unknown[] } })
  await t.rejects(store.find('x'), refused(/answers with an array/))
})

test('a deadlock and a serialization failure are tried again, but not for ever', async (t) => {
  for (const code of ['40001', '40P01']) {
    let failures = 4
    let tries = 0
    const store = postgresStore({
      async query (...args) {
        if (isCheck(args)) return { rows: [WELL] }
        tries++
        if (failures-- > 0) throw Object.assign(new Error('try again'), { code })
        return { rows: [{ id: 'x' }] }
      }
    })
    t.equal(await store.delete('x'), true)
    t.equal(tries, 5)
    failures = Infinity
    tries = 0
    await t.rejects(store.delete('x'), { code })
    t.equal(tries, 5)
  }
  for (const error of [Object.assign(new Error('no'), { code: '23505' }), new Error('no'), undefined]) {
    let tries = 0
    const store = postgresStore({
      async query (...args) {
        if (isCheck(args)) return { rows: [WELL] }
        tries++
        throw error
      }
    })
    await store.delete('x').then(() => t.fail('it was deleted'), () => {})
    t.equal(tries, 1)
  }
})

test('numbers come back as numbers, whatever the client makes of them', async (t) => {
  const session = sampleSession({ generation: 7 })
  const { id, subject, current } = session
  const times = { created_at: session.createdAt, rotated_at: session.rotatedAt, expires_at: session.expiresAt, ends_at: session.endsAt }
  const payload = JSON.stringify([{ role: 'member' }, session.metadata])
  for (const as of [Number, String, BigInt]) {
    const row = Object.fromEntries(Object.entries({ ...times, generation: 7 }).map(([name, value]) => [name, as(value)]))
    const store = postgresStore({ query: async (...args) => ({ rows: [isCheck(args) ? WELL : { id, subject, current, bound_to: null, payload, ...row }] }) })
    t.strictSame(await store.find(id), session)
    t.strictSame(await store.list(subject), [session])
    const next = sampleRotation(session)
    t.strictSame(await store.rotate(id, current, next, Date.now()), { ...session, ...next })
    t.equal(await store.deleteAll(subject), 1)
  }
})

test('refuses what is no database, and bad options', async (t) => {
  for (const db of [undefined, null, {}, 'postgres://']) {
    t.throws(() => postgresStore(db as unknown as Queryable), { code: 'FST_JWT_INVALID_OPTION', message: /give a Pool of pg, a PGlite, or the sql of postgres\.js/ })
  }
  const bad: Array<[object, RegExp]> = [
    [{ tabel: 'a' }, /postgresStore\.tabel is unknown: did you mean table\?/],
    [{ table: 'a"; DROP TABLE b; --' }, /postgresStore\.table is .*: give a name of letters/],
    [{ table: '' }, /postgresStore\.table is ""/],
    [{ table: 'x'.repeat(51) }, /postgresStore\.table/],
    [{ table: 5 }, /postgresStore\.table is 5/],
    [{ schema: 'a.b' }, /postgresStore\.schema is "a\.b"/],
    [{ now: 5 }, /postgresStore\.now is 5/],
    [{ prepare: 'yes' }, /postgresStore\.prepare is "yes": give true or false/],
    [{ sweepInterval: '1m' }, /postgresStore\.sweepInterval is unknown: give the plugin the option sweepInterval/],
    [{ sweepInterval: false }, /postgresStore\.sweepInterval is unknown/]
  ]
  for (const [options, message] of bad) {
    t.throws(() => postgresStore(recorder(), options), { code: 'FST_JWT_INVALID_OPTION', message })
  }
  t.throws(() => migrationSql({ table: 'a b' }), { code: 'FST_JWT_INVALID_OPTION' })
  t.throws(() => migrationSql({ tabel: 'x' } as object), { code: 'FST_JWT_INVALID_OPTION', message: 'migrationSql.tabel is unknown: did you mean table?' })
  t.match(migrationSql(Object.create({ table: 'evil' })), '"jwt_refresh_sessions"', 'what an object inherits is no option')
})
