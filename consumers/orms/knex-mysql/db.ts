import knex from 'knex'
import { createDatabase } from '../databases.js'

const { url, drop } = await createDatabase()

export const db = knex({ client: 'mysql2', connection: url })

export async function addUser (): Promise<string> {
  const [id] = await db('users').insert({ password_hash: 'a hash' })
  return String(id)
}

export async function removeUser (id: string): Promise<void> {
  await db('users').where({ id }).delete()
}

export async function close (): Promise<void> {
  await db.destroy()
  await drop()
}
