import { test } from 'tap'
import { sqliteStore } from '../../lib/stores/sqlite/index.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { driver, openFile } from '../fixtures/sqlite.ts'

test(`keeps the contract with ${driver.name}`, async (t) => {
  const { db } = await openFile(t)
  const store = sqliteStore(db)
  await store.migrate()
  testStore((name, check) => t.test(name, check), () => store)
})
