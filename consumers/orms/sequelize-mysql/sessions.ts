import { QueryTypes, type Sequelize, type Transaction } from 'sequelize'
import { sqlStore, type RunSql } from 'fastify-jwt-refresh/sql'
import { sequelize, User } from './db.js'

export function overSequelize (client: Sequelize, transaction: Transaction | null = null): RunSql {
  return async ({ text, values: bind, returns }) => {
    if (returns === 'rows') return { rows: await client.query(text, { bind, transaction, type: QueryTypes.SELECT }) }
    return { count: await client.query(text, { bind, transaction, type: QueryTypes.BULKDELETE }) }
  }
}

export const store = sqlStore(overSequelize(sequelize), { dialect: 'mysql', placeholders: '$n', subjectType: 'bigint', references: { table: 'users', column: 'id' } })
await store.migrate()

export async function changePassword (id: string, passwordHash: string): Promise<void> {
  await sequelize.transaction(async (transaction) => {
    await store.with(overSequelize(sequelize, transaction)).deleteAll(id)
    await User.update({ passwordHash }, { where: { id }, transaction })
  })
}
