import { InvalidOptionError } from '../../errors.ts'
import type { Script } from './scripts.ts'

/** ioredis: `new Redis()`, also with Sentinel, and `new Cluster()`. */
export interface IoredisClient {
  evalsha (sha: string, keyCount: number, ...args: string[]): Promise<unknown>
  eval (source: string, keyCount: number, ...args: string[]): Promise<unknown>
}

/** node-redis 4 and later: `createClient()`, `createClientPool()`, `createSentinel()`. */
export interface NodeRedisClient {
  evalSha (sha: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
  eval (source: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
}

/** node-redis 4 and later: `createCluster()`. */
export interface NodeRedisCluster {
  masters: unknown
  sendCommand (key: string, isReadonly: boolean, args: string[]): Promise<unknown>
}

/** The clients that `redisStore` accepts: those of ioredis and node-redis, also for Sentinel and Cluster. */
export type RedisClient = IoredisClient | NodeRedisClient | NodeRedisCluster

/** Runs a script on the node that holds the key. Rejects with whatever the client rejects with. */
export type RunScript = (script: Script, key: string, args: string[]) => Promise<unknown>

/** @throws TypeError for anything that is not a client of ioredis or of node-redis 4 and later. */
export function scriptRunner (client: RedisClient): RunScript {
  if (isLegacy(client)) throw new InvalidOptionError(`redisStore was given ${LEGACY}`)
  const run = withFallback(...runners(client))
  return async (script, key, args) => demandTexts(await run(script, key, args))
}

type Runners = [bySha: RunScript, bySource: RunScript]

function runners (client: RedisClient): Runners {
  if (isNodeRedisCluster(client)) {
    // In version 4, its `evalSha` uses a random node instead of the one that has the key.
    return [
      ({ sha }, key, args) => client.sendCommand(key, false, ['EVALSHA', sha, '1', key, ...args]),
      ({ source }, key, args) => client.sendCommand(key, false, ['EVAL', source, '1', key, ...args])
    ]
  }
  if (isNodeRedis(client)) {
    return [
      ({ sha }, key, args) => client.evalSha(sha, { keys: [key], arguments: args }),
      ({ source }, key, args) => client.eval(source, { keys: [key], arguments: args })
    ]
  }
  if (isIoredis(client)) {
    return [
      ({ sha }, key, args) => client.evalsha(sha, 1, key, ...args),
      ({ source }, key, args) => client.eval(source, 1, key, ...args)
    ]
  }
  throw new InvalidOptionError('redisStore was given an unknown client: give one of ioredis, or of node-redis 4 or later')
}

const LEGACY = 'a client of node-redis in its legacy mode, whose calls return no promise: give the client without legacyMode, or the one before .legacy()'

/** With a type mapping, node-redis may return Buffers, which would not be recognized as sessions. */
function demandTexts (answer: unknown): unknown {
  if (isOfTexts(answer)) return answer
  throw new Error('redisStore: the client does not return strings: give it a client without a type mapping, such as client.withTypeMapping({})')
}

function isOfTexts (answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.every(isOfTexts)
  return typeof answer === 'string' || typeof answer === 'number' || answer === null
}

/** After a restart, a flush or a failover, a node does not know the script; EVAL loads it. */
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

function isNodeRedisCluster (client: unknown): client is NodeRedisCluster {
  return hasMethod(client, 'sendCommand') && 'masters' in (client as object)
}

/** In version 4, legacy mode is an option; in later versions it is a separate object without a `connect` method. */
function isLegacy (client: unknown): boolean {
  const { options } = Object(client)
  return options?.legacyMode === true || (hasMethod(client, 'EVALSHA') && !hasMethod(client, 'connect'))
}

function isNodeRedis (client: unknown): client is NodeRedisClient {
  return hasMethod(client, 'evalSha')
}

/** node-redis 3 also has an `evalsha`, but with a callback: awaiting it would never end. */
function isIoredis (client: unknown): client is IoredisClient {
  return hasMethod(client, 'evalsha') && hasMethod(client, 'call')
}

function hasMethod (client: unknown, name: string): boolean {
  return typeof (client as Record<string, unknown> | null | undefined)?.[name] === 'function'
}
