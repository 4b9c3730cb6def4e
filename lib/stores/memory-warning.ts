import cluster from 'node:cluster'
import type { FastifyBaseLogger } from 'fastify'
import { own } from '../json.ts'

const MESSAGE = 'fastify-jwt-refresh keeps the sessions in memory: they end with this process and no other process sees them'
const CODE = 'FST_JWT_MEMORY_STORE'

let warned = false

/**
 * Warns about sessions that are kept in memory. In a cluster worker and in production, where that is probably a mistake, it
 * also emits a process warning once, which is visible without a logger.
 */
export function warnOfMemory (log: FastifyBaseLogger): void {
  log.warn(MESSAGE)
  if (warned || !(cluster.isWorker || own(process.env, 'NODE_ENV') === 'production')) return
  warned = true
  process.emitWarning(`${MESSAGE}. Give the option store a store that all processes share`, { code: CODE })
}
