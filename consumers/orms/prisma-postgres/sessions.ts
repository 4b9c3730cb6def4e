import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { prisma } from './db.js'

export function overPrisma (client: Pick<typeof prisma, '$queryRaw' | '$executeRaw'>): RunSql {
  return async ({ strings, values, returns }) => returns === 'rows'
    ? { rows: await client.$queryRaw<unknown[]>(strings, ...values) }
    : { count: await client.$executeRaw(strings, ...values) }
}

export const store = sqlStore(overPrisma(prisma), { dialect: 'postgres', subjectType: 'uuid', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await prisma.$transaction(async (tx) => {
    await store.with(overPrisma(tx)).deleteAll(id)
    await tx.user.update({ where: { id }, data: { passwordHash } })
  })
}
