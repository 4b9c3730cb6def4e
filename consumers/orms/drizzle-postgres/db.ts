import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, text, uuid } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { createSchema } from '../databases.js'

const { url, drop } = await createSchema()
const pool = new pg.Pool({ connectionString: url })

export const users = pgTable('users', {
  id: uuid('id').primaryKey().defaultRandom(),
  passwordHash: text('password_hash').notNull()
})

export const db = drizzle(pool)

export async function addUser (): Promise<string> {
  const [user] = await db.insert(users).values({ passwordHash: 'a hash' }).returning({ id: users.id })
  return user!.id
}

export async function removeUser (id: string): Promise<void> {
  await db.delete(users).where(eq(users.id, id))
}

export async function close (): Promise<void> {
  await pool.end()
  await drop()
}
