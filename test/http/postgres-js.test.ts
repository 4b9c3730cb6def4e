import postgres from 'postgres'
import t from 'tap'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { createTable, urlOf } from '../fixtures/scratch.ts'
import { findPostgres } from '../fixtures/services.ts'
import { httpSuite } from './suite.ts'

const service = await findPostgres()

t.test('over PostgreSQL with postgres.js', { skip: typeof service === 'string' && service }, async (t) => {
  const { table } = await createTable(t, urlOf(service))
  const sql = postgres(urlOf(service), { onnotice: () => {} })
  t.teardown(() => sql.end())
  httpSuite(t, () => postgresStore(sql, { table }))
})
