import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'

// Creates a separate schema, database or file for each app, with a table of users.

interface Place {
  url: string
  drop: () => Promise<void>
}

const postgresUrl = process.env.DATABASE_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/postgres'
const mysqlUrl = process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/mysql'
const name = `orms_${randomBytes(8).toString('hex')}`

/** Creates a PostgreSQL schema, which the `search_path` of the URL selects. */
export async function createSchema (): Promise<Place & { schema: string }> {
  const client = new Client(postgresUrl)
  await client.connect()
  await client.query(`CREATE SCHEMA ${name}`)
  await client.query(`CREATE TABLE ${name}.users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), password_hash text NOT NULL)`)
  const url = new URL(postgresUrl)
  url.searchParams.set('options', `-c search_path=${name}`)
  async function drop (): Promise<void> {
    await client.query(`DROP SCHEMA ${name} CASCADE`)
    await client.end()
  }
  return { url: url.href, schema: name, drop }
}

/** Creates a MySQL or MariaDB database. */
export async function createDatabase (): Promise<Place> {
  const connection = await createConnection(mysqlUrl)
  await connection.query(`CREATE DATABASE ${name}`)
  await connection.query(`CREATE TABLE ${name}.users (id BIGINT PRIMARY KEY AUTO_INCREMENT, password_hash VARCHAR(255) NOT NULL)`)
  async function drop (): Promise<void> {
    await connection.query(`DROP DATABASE ${name}`)
    await connection.end()
  }
  return { url: new URL(name, mysqlUrl).href, drop }
}

export const CREATE_USERS_IN_SQLITE = 'CREATE TABLE users (id INTEGER PRIMARY KEY, password_hash TEXT NOT NULL)'

export async function createFile (): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'orms-'))
  return { url: join(folder, 'app.db'), drop: async () => rmSync(folder, { recursive: true, force: true }) }
}
