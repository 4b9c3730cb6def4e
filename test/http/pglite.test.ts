import { PGlite } from '@electric-sql/pglite'
import t from 'tap'
import { postgresStore } from '../../lib/stores/postgres/index.ts'
import { httpSuite } from './suite.ts'

t.test('over PGlite', async (t) => {
  const db = new PGlite()
  t.teardown(() => db.close())
  await postgresStore(db).migrate()
  httpSuite(t, () => postgresStore(db))
})
