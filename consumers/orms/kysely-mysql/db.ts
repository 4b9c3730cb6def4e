import { Kysely, MysqlDialect, type Generated } from 'kysely'
import { createPool } from 'mysql2'
import { createDatabase } from '../databases.js'

const { url, drop } = await createDatabase()

export interface Database {
  users: { id: Generated<string>, password_hash: string }
}

export const db = new Kysely<Database>({ dialect: new MysqlDialect({ pool: createPool(url) }) })

export async function addUser (): Promise<string> {
  const { insertId } = await db.insertInto('users').values({ password_hash: 'a hash' }).executeTakeFirstOrThrow()
  return String(insertId)
}

export async function removeUser (id: string): Promise<void> {
  await db.deleteFrom('users').where('id', '=', id).execute()
}

export async function close (): Promise<void> {
  await db.destroy()
  await drop()
}
