import type { Knex } from 'knex'
import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { db } from './db.js'

export function overKnex (client: Knex): RunSql {
  return async ({ text, values, returns }) => {
    const [result] = await client.raw(text, values)
    return returns === 'rows' ? { rows: result } : { count: result.affectedRows }
  }
}

export const store = sqlStore(overKnex(db), { dialect: 'mysql', subjectType: 'bigint', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await db.transaction(async (trx) => {
    await store.with(overKnex(trx)).deleteAll(id)
    await trx('users').where({ id }).update({ password_hash: passwordHash })
  })
}
