import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sqliteStore } from '../../../lib/stores/sqlite/index.ts'
import { driver } from '../../../test/fixtures/sqlite.ts'

const LOADING_CACHE = 6_000_000 // kB; larger than the file
const BATCH = 10_000 // sessions; between batches, a signal can end the process

/** Creates a file for each size, with the settings of the README. */
export async function open () {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-'))
  const open = []
  return {
    facts: { server: `SQLite ${versionOf(driver)}, ${driver.name}` },
    async load (sessions) {
      const file = join(folder, `${sessions.size}.db`)
      await fill(file, sessions)
      const db = driver.open(file)
      open.push(db)
      db.exec('PRAGMA synchronous = NORMAL')
      const [{ bytes }] = db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size').all()
      const stopwatch = { longest: 0 }
      return {
        store: sqliteStore(db),
        bytes: bytes / sessions.size,
        longestStatement: () => stopwatch.longest,
        expire: async (count) => db.exec(`UPDATE jwt_refresh_sessions SET expires_at = 0 WHERE id <= (SELECT id FROM jwt_refresh_sessions ORDER BY id LIMIT 1 OFFSET ${count - 1})`),
        reopen: () => sqliteStore(timed(db, stopwatch))
      }
    },
    async close () {
      for (const db of open) db.close()
      await rm(folder, { recursive: true })
    }
  }
}

/** Uses one transaction: the ids are random, so every commit would have to write pages all over the file. */
async function fill (file, sessions) {
  const db = driver.open(file)
  const store = sqliteStore(db)
  await store.migrate()
  db.exec('PRAGMA journal_mode = MEMORY') // DatabaseSync refuses OFF
  db.exec(`PRAGMA synchronous = OFF; PRAGMA cache_size = -${LOADING_CACHE}`)
  db.exec('BEGIN')
  for (let number = 0; number < sessions.size; number++) {
    await store.create(sessions.at(number))
    if (number % BATCH === 0) await nextTurn()
  }
  db.exec('COMMIT')
  db.close()
}

/** The same database, of which the stopwatch keeps the duration of the longest statement: the event loop is blocked for as long. */
function timed (db, stopwatch) {
  function watched (run) {
    const start = performance.now()
    const answer = run()
    stopwatch.longest = Math.max(stopwatch.longest, performance.now() - start)
    return answer
  }

  return {
    prepare (text) {
      const statement = db.prepare(text)
      return {
        all: (...values) => watched(() => statement.all(...values)),
        run: (...values) => watched(() => statement.run(...values))
      }
    }
  }
}

function versionOf ({ open }) {
  const db = open(':memory:')
  const [{ version }] = db.prepare('SELECT sqlite_version() AS version').all()
  db.close()
  return version
}
