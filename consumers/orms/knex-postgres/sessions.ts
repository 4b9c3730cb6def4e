import type { Knex } from 'knex'
import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { db } from './db.js'

export function overKnex (client: Knex): RunSql {
  return async ({ text, values }) => {
    const { rows, rowCount } = await client.raw(text, values)
    return { rows, count: rowCount ?? 0 }
  }
}

export const store = sqlStore(overKnex(db), { dialect: 'postgres', placeholders: '?', subjectType: 'uuid', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await db.transaction(async (trx) => {
    await store.with(overKnex(trx)).deleteAll(id)
    await trx('users').where({ id }).update({ password_hash: passwordHash })
  })
}
