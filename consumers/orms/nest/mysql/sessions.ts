import { sqlStore, type RunSql, type SqlStore } from 'fastify-jwt-refresh/sql'
import type { DataSource, EntityManager } from 'typeorm'

export const STORE = Symbol('the store of sessions')

export function overTypeOrm (manager: EntityManager): RunSql {
  return async ({ text, values, returns }) => {
    const answer = await manager.query(text, values)
    return returns === 'rows' ? { rows: answer } : { count: answer.affectedRows }
  }
}

export async function openStore (dataSource: DataSource): Promise<SqlStore<RunSql>> {
  const store = sqlStore(overTypeOrm(dataSource.manager), { dialect: 'mysql', subjectType: 'bigint', references: { table: 'users', column: 'id' } })
  await store.migrate()
  return store
}
