import { InvalidOptionError } from '../../../errors.ts'
import { rowsOf, statement, type RunSql } from '../query.ts'
import type { Whole } from '../row.ts'
import type { Table } from './dialect.ts'

/**
 * @param counting a query for `column_count`, by the names of the schema and the table: how many columns `bound_to` the table has
 * @param first the values for the placeholders before these two
 * @returns the row that the query returned
 * @throws InvalidOptionError with the fix, if it has none, or if the client renames columns
 */
export async function checkColumns<Row extends { column_count?: Whole }> (
  run: RunSql, { owner, quoted, schema, name, placeholders }: Table, counting: string, ...first: string[]
): Promise<Row> {
  const [row] = rowsOf(owner, await run({ ...statement(counting, placeholders, 'rows'), values: [...first, schema ?? null, name] })) as [Row?]
  if (row?.column_count === undefined) {
    throw new InvalidOptionError(`${owner}: the client does not answer with objects by the names of the columns: give one that renames nothing (camelCase) and makes no arrays of rows`)
  }
  if (Number(row.column_count) === 0) {
    throw new InvalidOptionError(`${owner}: there is no table ${quoted}: await store.migrate() before the first login, or let your migration tool run migrationSql()`)
  }
  return row
}
