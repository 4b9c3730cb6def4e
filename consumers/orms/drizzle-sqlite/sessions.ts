import { eq, sql } from 'drizzle-orm'
import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { db, users } from './db.js'

export function overDrizzle (client: Pick<typeof db, 'all' | 'run'>): RunSql {
  return async ({ strings, values, returns }) => {
    const query = sql(strings, ...values)
    return returns === 'rows' ? { rows: await client.all(query) } : { count: (await client.run(query)).rowsAffected }
  }
}

export const store = sqlStore(overDrizzle(db), { dialect: 'sqlite', subjectType: 'integer', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await db.transaction(async (tx) => {
    await store.with(overDrizzle(tx)).deleteAll(id)
    await tx.update(users).set({ passwordHash }).where(eq(users.id, Number(id)))
  })
}
