import type { FastifyInstance } from 'fastify'
import { MemoryStore } from '../index.ts'
import type { TokenStore } from '../index.ts'

/**
 * Where the sessions live.
 *
 * @param app closes, in its onClose hook, what is opened here
 */
export async function createStore (_app: FastifyInstance): Promise<TokenStore> {
  return new MemoryStore()
}
