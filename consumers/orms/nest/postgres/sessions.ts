import { sqlStore, type RunSql, type SqlStore } from 'fastify-jwt-refresh/sql'
import type { DataSource, EntityManager } from 'typeorm'

export const STORE = Symbol('the store of sessions')

export function overTypeOrm (manager: EntityManager): RunSql {
  return async ({ text, values }) => {
    const answer = await manager.query(text, values)
    const [rows, count] = Array.isArray(answer[0]) ? answer : [answer, answer.length] // [rows, count] of an UPDATE and a DELETE, else the rows
    return { rows, count }
  }
}

export async function openStore (dataSource: DataSource): Promise<SqlStore<RunSql>> {
  const store = sqlStore(overTypeOrm(dataSource.manager), { dialect: 'postgres', subjectType: 'uuid', references: { table: 'users', column: 'id' } })
  await store.migrate()
  return store
}
