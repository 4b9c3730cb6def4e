import { migrationSql } from '../../../lib/stores/postgres/index.ts'
import * as postgres from './postgres.js'

const PARTITIONS = 16

/** PostgreSQL with the table partitioned by the hash of the id, as in docs/scale.md. */
export async function open () {
  return await postgres.open(partitioned)
}

/** Copies the columns and indexes from the table that the store's migration creates. */
function partitioned (table) {
  const partitions = Array.from({ length: PARTITIONS }, (_, i) =>
    `CREATE TABLE ${table}_p${i} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${PARTITIONS}, REMAINDER ${i}) WITH (fillfactor = 90);`)
  return `${migrationSql({ table: `${table}_model` })};
    CREATE TABLE ${table} (LIKE ${table}_model INCLUDING INDEXES) PARTITION BY HASH (id);
    DROP TABLE ${table}_model;
    ${partitions.join('\n')}`
}
