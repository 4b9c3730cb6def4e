import { checkFields, checkFunction } from '../../checks/fields.ts'
import { refuseSweepInterval } from '../sweep-interval.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { RunSql } from './query.ts'
import { statementsOf } from './statements.ts'
import { openSqlStore, type SqlStore } from './store.ts'
import { TABLE_OPTIONS, tableOf, type TableOptions } from './table.ts'

/** The options of every store for a driver. */
export interface DriverStoreOptions extends TableOptions {
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** The store for one driver: its options, and how its clients run a statement. */
export interface Door<Client, Options> {
  owner: string
  dialect: Dialect
  /** The options that only this store has. */
  ownOptions: readonly string[]
  /** Called once, at boot. The function that it returns throws for anything but a client. */
  toRun: (options: Options) => (client: Client) => RunSql
}

/** @throws TypeError for anything but a client, and for an unknown or impossible option */
export function openDoor<Client, Options extends DriverStoreOptions> (
  { owner, dialect, ownOptions, toRun }: Door<Client, Options>, client: Client, options: Options
): SqlStore<Client> {
  refuseSweepInterval(owner, options)
  const checked = checkFields(owner, options, [...TABLE_OPTIONS, 'now', ...ownOptions]) as unknown as Options
  const table = tableOf(owner, dialect, checked)
  return openSqlStore(client, {
    table,
    statements: statementsOf(table),
    toRun: toRun(checked),
    now: checkFunction(`${owner}.now`, checked.now) ?? (() => Date.now())
  })
}

/** @throws TypeError for a name that is not a plain identifier, and for an unknown option */
export function migrationOf<Client, Options extends DriverStoreOptions> ({ dialect, ownOptions }: Door<Client, Options>, options: TableOptions): string[] {
  const checked: TableOptions = checkFields('migrationSql', options, [...TABLE_OPTIONS, 'now', ...ownOptions])
  return dialect.migration(tableOf('migrationSql', dialect, checked))
}
