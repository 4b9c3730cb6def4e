import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { scratchName } from '../fixtures/scratch.ts'
import { until } from '../fixtures/services.ts'
import type { Fault, Target } from './campaign.ts'
import { demand } from './common-faults.ts'

const SESSIONS = 'jwt_refresh_sessions'

/**
 * Faults of a database of its own.
 *
 * @param serverUrl URL of a server that may be shared with others
 */
export async function mysqlFaults (serverUrl: string): Promise<Target> {
  const database = scratchName()
  await connected(serverUrl, (admin) => admin.query(`CREATE DATABASE ${database}`))
  const url = new URL(serverUrl)
  url.pathname = database

  const faults: Fault[] = [
    {
      name: 'connections killed by the server',
      signs: [],
      async strike ({ rob }) {
        rob()
        for (let blows = 0; blows < 3; blows++) {
          await connected(serverUrl, (admin) => killAll(admin, database))
          await sleep(100)
        }
      }
    },
    {
      name: 'rows locked by another transaction',
      signs: ['unavailable'],
      async strike ({ rob, scale }) {
        await connected(url.href, async (other) => {
          await other.beginTransaction()
          await other.query(`SELECT id FROM ${SESSIONS} FOR UPDATE`)
          rob()
          await sleep(scale.outage)
          await other.rollback()
        })
      }
    },
    {
      name: 'deadlocks',
      signs: [],
      async strike ({ rob }) {
        rob()
        await connected(url.href, deadlock)
      }
    }
  ]
  return { url: url.href, faults, stop: () => connected(serverUrl, (admin) => admin.query(`DROP DATABASE ${database}`)) }
}

async function killAll (admin: Connection, database: string): Promise<void> {
  const [rows] = await admin.query<RowDataPacket[]>('SELECT id FROM information_schema.processlist WHERE db = ?', [database])
  demand(rows.length > 0, 'no connection was there to be killed')
  for (const { id } of rows) await admin.query(`KILL ${id}`).catch(() => {}) // it may have ended already
}

/**
 * An UPDATE of one row by its key waits for a single lock, which cannot deadlock. With a trigger of the app that counts refreshes,
 * the UPDATE waits for a second lock, and another transaction takes both locks in the opposite order.
 */
async function deadlock (other: Connection): Promise<void> {
  await other.query('CREATE TABLE refreshes (id INT PRIMARY KEY, total BIGINT NOT NULL, padding INT NOT NULL)')
  await other.query('INSERT INTO refreshes VALUES (0, 0, 0)')
  await other.query(`CREATE TRIGGER count_refreshes BEFORE UPDATE ON ${SESSIONS} FOR EACH ROW UPDATE refreshes SET total = total + 1 WHERE id = 0`)
  const before = await deadlocks(other)

  await other.beginTransaction()
  await other.query('UPDATE refreshes SET total = 0, padding = padding + 1 WHERE id = 0')
  // The server rolls back the transaction that has changed fewer rows: with these inserts, the store's.
  for (let id = 1; id <= 50; id++) await other.query('INSERT INTO refreshes VALUES (?, 0, 0)', [id])
  await until(async () => await waiting(other) > 0)
  await other.query(`SELECT id FROM ${SESSIONS} FOR UPDATE`)
  await other.rollback()

  await other.query('DROP TRIGGER count_refreshes')
  await other.query('DROP TABLE refreshes')
  demand(await deadlocks(other) > before, 'there was no deadlock')
}

/** InnoDB shows what it has shown before, as long as nobody leaves it alone for a tenth of a second. */
async function waiting (connection: Connection): Promise<number> {
  await sleep(150)
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS count FROM information_schema.innodb_trx JOIN information_schema.processlist ON processlist.id = trx_mysql_thread_id WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()")
  return Number(rows[0]?.['count'])
}

async function deadlocks (connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'")
  return Number(rows[0]?.['count'])
}

async function connected (url: string, use: (connection: Connection) => Promise<unknown>): Promise<void> {
  const connection = await createConnection(url)
  try {
    await use(connection)
  } finally {
    await connection.end()
  }
}
