import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const REDIS_URL = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
export const DATABASE_URL = process.env.DATABASE_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/postgres'
export const MYSQL_URL = process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test'
export const SQLITE_FOLDER = join(tmpdir(), 'jwtr-bench')
export const PREFIX = 'jwtr-bench:'
export const TABLE = 'jwtr_bench'
export const HAND_WRITTEN_TABLE = 'jwtr_bench_hand_written'
