import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { postgresStore } from '../../lib/stores/postgres.ts'
import { findPostgres } from '../fixtures/services.ts'
import { propertySuite } from './suite.ts'

const service = await findPostgres()
const skip = typeof service === 'string' && service
const table = `property_${randomBytes(8).toString('hex')}`

t.test('over PostgreSQL', { skip }, async (t) => {
  const pool = new pg.Pool({ connectionString: typeof service === 'string' ? '' : service.url })
  t.teardown(async () => {
    await pool.query(`DROP TABLE ${table}`)
    await pool.end()
  })
  await postgresStore(pool, { table, sweepInterval: false }).migrate()
  propertySuite(t, 25, () => postgresStore(pool, { table, sweepInterval: false }))
})
