import { statement, type Statement } from './query.ts'
import type { Table } from './dialects/dialect.ts'

const COLUMNS = ['id', 'subject', 'generation', 'current', 'created_at', 'rotated_at', 'expires_at', 'ends_at', 'bound_to', 'payload']
const KEPT = ['subject', 'created_at', 'ends_at', 'bound_to', 'payload']

/** How many rows a sweep examines. */
export const SWEEP_BATCH = 1_000
/** How many of them one statement deletes. */
export const DELETE_BATCH = 25

/** `deleteLiving` and `kept` are for a database that cannot return what it writes. */
export type Statements = Record<
  'create' | 'find' | 'rotate' | 'kept' | 'delete' | 'deleteExpected' | 'list' | 'deleteAll' | 'deleteLiving' | 'lastOfBatch' | 'expired' | 'deleteExpired',
  Statement
>

/** Only names are interpolated, which have been checked; everything else is passed as a value. */
export function statementsOf ({ dialect, quoted: table, subjectType, placeholders }: Table): Statements {
  const { cast } = dialect.subjects[subjectType]
  const subject = cast === null ? '?' : `CAST(? AS ${cast})`
  const read = (columns: string[]): string =>
    columns.map((name) => name === 'subject' && cast !== null ? `CAST(subject AS ${dialect.text}) AS subject` : name).join(', ')

  const rows = (text: string): Statement => statement(text, placeholders, 'rows')
  const count = (text: string): Statement => statement(text, placeholders, 'count')
  const written = (text: string, returned: string[]): Statement =>
    dialect.returning ? rows(`${text} RETURNING ${read(returned)}`) : count(text)

  const doomed = `id IN (${Array(DELETE_BATCH).fill('?').join(', ')}) AND expires_at <= ?`
  return {
    create: count(`INSERT INTO ${table} (${COLUMNS.join(', ')}) VALUES (?, ${subject}, ?, ?, ?, ?, ?, ?, ?, ?)`),
    find: rows(`SELECT ${read(COLUMNS)} FROM ${table} WHERE id = ? AND expires_at > ?`),
    rotate: written(`UPDATE ${table} SET generation = ?, current = ?, rotated_at = ?, expires_at = ?, bound_to = COALESCE(?, bound_to)${dialect.alsoSets} ` +
      `WHERE id = ? AND current = ? AND expires_at > ?${dialect.alsoExpects}`, KEPT),
    kept: rows(`SELECT ${read(KEPT)} FROM ${table} WHERE id = ?`),
    delete: written(`DELETE FROM ${table} WHERE id = ?`, ['id']),
    deleteExpected: written(`DELETE FROM ${table} WHERE id = ? AND current = ?`, ['id']),
    list: rows(`SELECT ${read(COLUMNS)} FROM ${table} WHERE subject = ${subject} AND expires_at > ?`),
    deleteAll: written(`DELETE FROM ${table} WHERE subject = ${subject} AND id <> ?`, ['expires_at']),
    deleteLiving: count(`DELETE FROM ${table} WHERE subject = ${subject} AND id <> ? AND expires_at > ?`),
    lastOfBatch: rows(`SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ${SWEEP_BATCH - 1}`),
    expired: rows(`SELECT id FROM ${table} WHERE id > ? AND id <= ? AND expires_at <= ?`),
    deleteExpired: written(`DELETE FROM ${table} WHERE ${dialect.deletable(table, doomed)}`, ['id'])
  }
}
