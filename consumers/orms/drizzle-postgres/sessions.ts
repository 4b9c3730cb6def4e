import { eq, sql } from 'drizzle-orm'
import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { db, users } from './db.js'

export function overDrizzle (client: Pick<typeof db, 'execute'>): RunSql {
  return async ({ strings, values }) => {
    const { rows, rowCount } = await client.execute(sql(strings, ...values))
    return { rows, count: rowCount ?? 0 }
  }
}

export const store = sqlStore(overDrizzle(db), { dialect: 'postgres', subjectType: 'uuid', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await db.transaction(async (tx) => {
    await store.with(overDrizzle(tx)).deleteAll(id)
    await tx.update(users).set({ passwordHash }).where(eq(users.id, id))
  })
}
