import { InvalidOptionError } from '../errors.ts'
import type { Script } from './redis-scripts.ts'

/** ioredis: `new Redis()`, with Sentinel too, `new Cluster()`. */
export interface IoredisClient {
  evalsha (sha: string, keyCount: number, ...args: string[]): Promise<unknown>
  eval (source: string, keyCount: number, ...args: string[]): Promise<unknown>
}

/** node-redis 4 and later: `createClient()`, `createCluster()`, `createClientPool()`, `createSentinel()`. */
export interface NodeRedisClient {
  evalSha (sha: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
  eval (source: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
}

export type RedisClient = IoredisClient | NodeRedisClient

/** Runs a script on the node that holds the key. Rejects with whatever the client rejects with. */
export type RunScript = (script: Script, key: string, args: string[]) => Promise<unknown>

/** @throws TypeError for anything that is not a client of ioredis or of node-redis 4 and later. */
export function scriptRunner (client: RedisClient): RunScript {
  if (isNodeRedis(client)) {
    return withFallback(
      ({ sha }, key, args) => client.evalSha(sha, { keys: [key], arguments: args }),
      ({ source }, key, args) => client.eval(source, { keys: [key], arguments: args })
    )
  }
  if (isIoredis(client)) {
    return withFallback(
      ({ sha }, key, args) => client.evalsha(sha, 1, key, ...args),
      ({ source }, key, args) => client.eval(source, 1, key, ...args)
    )
  }
  throw new InvalidOptionError('redisStore was given no client that it knows: give one of ioredis, or of node-redis 4 or later')
}

/** A node that restarted, was flushed or took over in a failover does not know the script; EVAL teaches it. */
function withFallback (bySha: RunScript, bySource: RunScript): RunScript {
  return async (script, key, args) => {
    try {
      return await bySha(script, key, args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return bySource(script, key, args)
    }
  }
}

function isNodeRedis (client: unknown): client is NodeRedisClient {
  return hasMethod(client, 'evalSha')
}

/** node-redis 3 has an `evalsha` too, but one that takes a callback: a promise of it would never settle. */
function isIoredis (client: unknown): client is IoredisClient {
  return hasMethod(client, 'evalsha') && hasMethod(client, 'call')
}

function hasMethod (client: unknown, name: string): boolean {
  return typeof (client as Record<string, unknown> | null | undefined)?.[name] === 'function'
}
