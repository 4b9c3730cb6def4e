import t from 'tap'
import { mysqlStore } from '../../lib/stores/mysql/index.ts'
import { createMysqlTable, findMysql } from '../fixtures/mysql.ts'
import { urlOf } from '../fixtures/scratch.ts'
import { propertySuite } from './suite.ts'

const service = await findMysql()

t.test('over MariaDB', { skip: typeof service === 'string' && service }, async (t) => {
  const { pool, table } = await createMysqlTable(t, urlOf(service))
  propertySuite(t, 25, () => mysqlStore(pool, { table }))
})
