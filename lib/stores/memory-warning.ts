import cluster from 'node:cluster'
import type { FastifyBaseLogger } from 'fastify'
import { own } from '../json.ts'

const MESSAGE = 'fastify-jwt-refresh keeps the sessions in memory: they end with this process and no other process sees them'
const CODE = 'FST_JWT_MEMORY_STORE'

let warned = false

/**
 * Tells of sessions that are kept in memory. Where that is hardly meant, in a cluster's worker and in production, it is a
 * warning of the process as well, once, which is seen without a logger.
 */
export function warnOfMemory (log: FastifyBaseLogger): void {
  log.warn(MESSAGE)
  if (warned || !(cluster.isWorker || own(process.env, 'NODE_ENV') === 'production')) return
  warned = true
  process.emitWarning(`${MESSAGE}. Give the option store one that all processes share`, { code: CODE })
}
