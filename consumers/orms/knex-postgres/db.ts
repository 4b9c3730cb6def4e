import knex from 'knex'
import { createSchema } from '../databases.js'

const { url, drop } = await createSchema()

export const db = knex({ client: 'pg', connection: url })

export async function addUser (): Promise<string> {
  const [user] = await db('users').insert({ password_hash: 'a hash' }).returning('id')
  return user.id
}

export async function removeUser (id: string): Promise<void> {
  await db('users').where({ id }).delete()
}

export async function close (): Promise<void> {
  await db.destroy()
  await drop()
}
