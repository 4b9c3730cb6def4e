import { Kysely, SqliteDialect, type Generated } from 'kysely'
import Libsql from 'libsql' // has the interface of better-sqlite3, and needs no compiler
import { createFile, CREATE_USERS_IN_SQLITE } from '../databases.js'

const { url, drop } = await createFile()
const file = new Libsql(url)
file.exec('PRAGMA foreign_keys = ON')
file.exec(CREATE_USERS_IN_SQLITE)

export interface Database {
  users: { id: Generated<string>, password_hash: string }
}

export const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: file as never }) })

export async function addUser (): Promise<string> {
  const { id } = await db.insertInto('users').values({ password_hash: 'a hash' }).returning('id').executeTakeFirstOrThrow()
  return String(id)
}

export async function removeUser (id: string): Promise<void> {
  await db.deleteFrom('users').where('id', '=', id).execute()
}

export async function close (): Promise<void> {
  await db.destroy()
  await drop()
}
