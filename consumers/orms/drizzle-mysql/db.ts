import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/mysql2'
import { bigint, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { createPool } from 'mysql2/promise'
import { createDatabase } from '../databases.js'

const { url, drop } = await createDatabase()
const pool = createPool(url)

export const users = mysqlTable('users', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().autoincrement(),
  passwordHash: varchar('password_hash', { length: 255 }).notNull()
})

export const db = drizzle(pool)

export async function addUser (): Promise<string> {
  const [{ insertId }] = await db.insert(users).values({ passwordHash: 'a hash' })
  return String(insertId)
}

export async function removeUser (id: string): Promise<void> {
  await db.delete(users).where(eq(users.id, BigInt(id)))
}

export async function close (): Promise<void> {
  await pool.end()
  await drop()
}
