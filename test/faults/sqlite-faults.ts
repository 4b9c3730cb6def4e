import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { driver } from '../fixtures/sqlite.ts'
import type { Fault, Target } from './campaign.ts'

const LONGER_THAN_BUSY_TIMEOUT = 1_500 // ms; the store sets one second

/** Faults of a file. There are no connections, so they do not use `Wire`. */
export async function sqliteFaults (): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-faults-'))
  const file = join(folder, 'sessions.db')

  const faults: Fault[] = [
    {
      name: 'kill -9 of a process amid requests',
      signs: ['lostConnections'],
      async strike ({ fleet, rob }, round) {
        const index = round % fleet.size
        await fleet.kill(index)
        rob()
        await fleet.restart(index)
      }
    },
    {
      name: 'file locked by another process for longer than the store waits',
      signs: ['unavailable'],
      async strike ({ rob, scale }) {
        const db = driver.open(file)
        db.exec('PRAGMA busy_timeout = 60000')
        db.exec('BEGIN IMMEDIATE')
        rob()
        await sleep(Math.max(scale.outage, LONGER_THAN_BUSY_TIMEOUT))
        db.exec('ROLLBACK')
        db.close()
      }
    },
    {
      name: 'kill -9 of another process that has the file locked',
      signs: [],
      async strike ({ rob, scale }) {
        const locker = spawn(process.execPath, ['--input-type=commonjs', '--eval', lockFor(file)], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
        const gone = once(locker, 'exit')
        await once(locker.stdout, 'data')
        rob()
        await sleep(scale.outage)
        locker.kill('SIGKILL')
        await gone
      }
    }
  ]
  return { url: pathToFileURL(file).href, faults, stop: () => rm(folder, { recursive: true }) }
}

/** The source of a program that writes in a transaction and does not commit it. */
function lockFor (file: string): string {
  const open = driver.name === 'node:sqlite' ? "new (require('node:sqlite').DatabaseSync)" : "new (require('libsql'))"
  return `
    const db = ${open}(${JSON.stringify(file)})
    db.exec('PRAGMA busy_timeout = 60000')
    db.exec('BEGIN IMMEDIATE; UPDATE jwt_refresh_sessions SET generation = generation + 1')
    console.log('locked')
    setInterval(() => {}, 1000)`
}
