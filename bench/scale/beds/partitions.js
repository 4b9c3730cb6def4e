import { migrationSql } from '../../../lib/stores/postgres/index.ts'
import * as postgres from './postgres.js'

const PARTITIONS = 16

/** As PostgreSQL, but the table is in partitions by the hash of the id, as docs/scale.md makes it. */
export async function open () {
  return await postgres.open(partitioned)
}

/** The store's own table is the model of its columns. */
function partitioned (table) {
  const partitions = Array.from({ length: PARTITIONS }, (_, i) =>
    `CREATE TABLE ${table}_p${i} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${PARTITIONS}, REMAINDER ${i}) WITH (fillfactor = 90);`)
  return `${migrationSql({ table: `${table}_model` })};
    CREATE TABLE ${table} (LIKE ${table}_model INCLUDING INDEXES) PARTITION BY HASH (id);
    DROP TABLE ${table}_model;
    ${partitions.join('\n')}`
}
