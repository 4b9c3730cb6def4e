// A refresh token in a table, as an app might keep it without this package: one row per user, one UPDATE per refresh.

import { DATABASE_URL, HAND_WRITTEN_TABLE as TABLE } from './services.js'

const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (sub text PRIMARY KEY, jti text NOT NULL) WITH (fillfactor = 90)`
const INSERT = `INSERT INTO ${TABLE} VALUES ($1, $2)`
const UPDATE = `UPDATE ${TABLE} SET jti = $1 WHERE sub = $2 AND jti = $3 RETURNING sub`

/** Each function returns one that runs a statement and resolves to its rows. */
const drivers = {
  async pg () {
    const { default: pg } = await import('pg')
    const pool = new pg.Pool({ connectionString: DATABASE_URL })
    return async (text, values) => (await pool.query(text, values)).rows
  },
  async 'postgres.js' () {
    const { default: postgres } = await import('postgres')
    const sql = postgres(DATABASE_URL, { onnotice () {} })
    return (text, values) => sql.unsafe(text, values, { prepare: true })
  }
}

/** @param {keyof typeof drivers} driver */
export async function openTable (driver) {
  const run = await drivers[driver]()
  await run(CREATE, [])
  return {
    add: (sub, jti) => run(INSERT, [sub, jti]),
    async replace (sub, jti, next) {
      const [row] = await run(UPDATE, [next, sub, jti])
      if (row === undefined) throw new Error('the table refused a token')
    }
  }
}
