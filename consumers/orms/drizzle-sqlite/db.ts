import { createClient } from '@libsql/client'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { createFile, CREATE_USERS_IN_SQLITE } from '../databases.js'

const { url, drop } = await createFile()
const client = createClient({ url: `file:${url}` })
await client.execute(CREATE_USERS_IN_SQLITE)

export const users = sqliteTable('users', {
  id: integer('id').primaryKey(),
  passwordHash: text('password_hash').notNull()
})

export const db = drizzle(client)

export async function addUser (): Promise<string> {
  const [user] = await db.insert(users).values({ passwordHash: 'a hash' }).returning({ id: users.id })
  return String(user!.id)
}

export async function removeUser (id: string): Promise<void> {
  await db.delete(users).where(eq(users.id, Number(id)))
}

export async function close (): Promise<void> {
  client.close()
  await drop()
}
