import t from 'tap'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { createTable, urlOf } from '../fixtures/scratch.ts'
import { findPostgres } from '../fixtures/services.ts'
import { propertySuite } from './suite.ts'

const service = await findPostgres()

t.test('over PostgreSQL', { skip: typeof service === 'string' && service }, async (t) => {
  const { pool, table } = await createTable(t, urlOf(service))
  propertySuite(t, 25, () => postgresStore(pool, { table }))
})
