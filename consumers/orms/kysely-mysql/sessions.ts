import { sql, type Kysely } from 'kysely'
import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { db, type Database } from './db.js'

export function overKysely (client: Kysely<Database>): RunSql {
  return async ({ strings, values }) => {
    const { rows, numAffectedRows } = await sql(strings, ...values).execute(client)
    return { rows, count: numAffectedRows }
  }
}

export const store = sqlStore(overKysely(db), { dialect: 'mysql', subjectType: 'bigint', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await store.with(overKysely(trx)).deleteAll(id)
    await trx.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', id).execute()
  })
}
