import { eq, sql } from 'drizzle-orm'
import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { db, users } from './db.js'

export function overDrizzle (client: Pick<typeof db, 'execute'>): RunSql {
  return async ({ strings, values, returns }) => {
    const [result] = await client.execute(sql(strings, ...values))
    return returns === 'rows' ? { rows: result as unknown as unknown[] } : { count: result.affectedRows }
  }
}

export const store = sqlStore(overDrizzle(db), { dialect: 'mysql', subjectType: 'bigint', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await db.transaction(async (tx) => {
    await store.with(overDrizzle(tx)).deleteAll(id)
    await tx.update(users).set({ passwordHash }).where(eq(users.id, BigInt(id)))
  })
}
