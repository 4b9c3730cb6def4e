import { createHash } from 'node:crypto'

export interface Script {
  source: string
  sha: string
}

function script (source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/*
 * Each touches one key, so that it runs on whatever node of a Redis Cluster holds that key. Reads are scripts
 * too: a client that may send GET to a replica always sends a script to the master, and a replica can still
 * know a session that was just revoked.
 */

/** KEYS session. */
export const READ: Script = script("return redis.call('GET', KEYS[1])")

/** KEYS session; ARGV record, milliseconds to live. */
export const WRITE: Script = script("return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])")

/**
 * KEYS session; ARGV front that is expected, now, new front, milliseconds to live.
 * The record is text (see record.ts): the front up to the fourth blank is replaced. Returns what follows it.
 */
export const ROTATE: Script = script(`
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return false end
local expiresAt, rest = string.match(record, '^(%w+) %w+ %w+ ()', #ARGV[1] + 1)
if tonumber(expiresAt, 36) <= tonumber(ARGV[2]) then return false end
local kept = string.sub(record, rest)
redis.call('SET', KEYS[1], ARGV[3] .. kept, 'PX', ARGV[4])
return kept`)

/** KEYS session; ARGV front that is expected, or nothing. Returns what was deleted. */
export const REMOVE: Script = script(`
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return false end
redis.call('DEL', KEYS[1])
return record`)

/**
 * KEYS index; ARGV member (a subject's tag and an id), seconds that the session can live at most.
 * The scores are ends by the clock of Redis, which is the one that ends sessions. So an entry goes when its
 * session is gone for certain, never because a session could not be found: that of a login that is still on
 * its way cannot be found either.
 */
export const ENLIST: Script = script(`
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return 1`)

/** KEYS index; ARGV a subject's tag. Returns ids. */
export const ENLISTED: Script = script(`
local ids = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.sub(member, 1, #ARGV[1]) == ARGV[1] then ids[#ids + 1] = string.sub(member, #ARGV[1] + 1) end
end
return ids`)

/** KEYS index; ARGV members. */
export const STRIKE_OFF: Script = script(`
for _, member in ipairs(ARGV) do redis.call('ZREM', KEYS[1], member) end
return 1`)
