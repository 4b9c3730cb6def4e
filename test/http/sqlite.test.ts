import t from 'tap'
import { sqliteStore } from '../../lib/stores/sqlite/index.ts'
import { driver, openFile } from '../fixtures/sqlite.ts'
import { httpSuite } from './suite.ts'

t.test(`over SQLite with ${driver.name}`, async (t) => {
  const { db } = await openFile(t)
  await sqliteStore(db).migrate()
  httpSuite(t, () => sqliteStore(db))
})
