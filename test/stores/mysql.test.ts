import { test } from 'tap'
import { mysqlStore } from '../../lib/stores/mysql/index.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import { createMysqlTable, findMysql } from '../fixtures/mysql.ts'
import { urlOf } from '../fixtures/scratch.ts'

const service = await findMysql()
const skip = typeof service === 'string' && service
const url = urlOf(service)

test('mysql', { skip }, async (t) => {
  t.test('keeps the contract', async (t) => {
    const { pool, table } = await createMysqlTable(t, url)
    const store = mysqlStore(pool, { table })
    testStore((name, check) => t.test(name, check), () => store)
  })
})
