import t from 'tap'
import { sqliteStore } from '../../lib/stores/sqlite/index.ts'
import { driver, openFile } from '../fixtures/sqlite.ts'
import { propertySuite } from './suite.ts'

t.test(`over SQLite with ${driver.name}`, async (t) => {
  const { db } = await openFile(t)
  await sqliteStore(db).migrate()
  propertySuite(t, 25, () => sqliteStore(db))
})
