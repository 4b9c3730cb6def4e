import { Kysely, PostgresDialect, type Generated } from 'kysely'
import pg from 'pg'
import { createSchema } from '../databases.js'

const { url, drop } = await createSchema()

export interface Database {
  users: { id: Generated<string>, password_hash: string }
}

export const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) })

export async function addUser (): Promise<string> {
  const { id } = await db.insertInto('users').values({ password_hash: 'a hash' }).returning('id').executeTakeFirstOrThrow()
  return id
}

export async function removeUser (id: string): Promise<void> {
  await db.deleteFrom('users').where('id', '=', id).execute()
}

export async function close (): Promise<void> {
  await db.destroy()
  await drop()
}
