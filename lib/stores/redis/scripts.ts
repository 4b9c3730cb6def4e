import { createHash } from 'node:crypto'

export interface Script {
  source: string
  sha: string
}

function script (source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/*
 * Each script uses one key, so that it runs on the node of a Redis Cluster that holds that key. Reads are scripts, too:
 * a client that may send GET to a replica always sends a script to the master.
 */

/**
 * A write that changes nothing and is not replicated. A replica refuses it (READONLY), since it may still have a session that has
 * just been revoked, or not yet have one that must be ended. A client that is connected to a master that became a replica
 * therefore notices it at the next call. If the memory is full and nothing can be evicted, Redis still lets a script SET once it has
 * begun to write, so rotations, which need no additional memory, continue to work.
 */
const ON_MASTER = `
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[1]) else redis.call('DEL', KEYS[1]) end`

/** KEYS session. */
export const READ: Script = script(`${ON_MASTER}
return redis.call('GET', KEYS[1])`)

/**
 * KEYS session; ARGV record, milliseconds to live. Returns 1 if the key now holds this record: a client that lost its connection
 * may send the script again.
 */
export const WRITE: Script = script(`
if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') or redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0`)

/**
 * KEYS session; ARGV start that is expected, now, new front, milliseconds to live, new boundTo or nothing.
 * Replaces the front of the record (see record.ts) up to the fourth space and, if there is a new boundTo, what is between the
 * subject and the payload. Returns the previous record.
 */
export const ROTATE: Script = script(`${ON_MASTER}
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return false end
local expiresAt, rest = string.match(record, '^(%w+) %w+ %w+ ()', #ARGV[1] + 1)
if tonumber(expiresAt, 36) <= tonumber(ARGV[2]) then return false end
local kept = string.sub(record, rest)
if ARGV[5] ~= '' then kept = string.gsub(kept, '^(%w+ %w+ %S+ )[^%[]*', function (front) return front .. ARGV[5] end) end
redis.call('SET', KEYS[1], ARGV[3] .. kept, 'PX', ARGV[4])
return record`)

/** KEYS session; ARGV start that is expected, or nothing. Returns what was deleted. */
export const REMOVE: Script = script(`${ON_MASTER}
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return false end
redis.call('DEL', KEYS[1])
return record`)

/** KEYS session; ARGV subject as it is encoded in the record. Returns what was deleted. */
export const REMOVE_OF_SUBJECT: Script = script(`${ON_MASTER}
local record = redis.call('GET', KEYS[1])
if not record or string.match(record, '^%S+ %w+ %w+ %w+ %w+ %w+ (%S+) ') ~= ARGV[1] then return false end
redis.call('DEL', KEYS[1])
return record`)

/**
 * KEYS index; ARGV id, seconds that the session can live.
 * The scores are ends by the clock of Redis, by which Redis also expires sessions. So an entry is removed only when its session
 * must have expired, not because the session cannot be found: during a login, it cannot be found yet. At most 100 entries are
 * removed at a time, so that no call takes long. Returns the id, a string, so that a client that does not return strings is
 * detected at the first login.
 */
export const ENLIST: Script = script(`
local now = tonumber(redis.call('TIME')[1])
local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)
if #over > 0 then redis.call('ZREM', KEYS[1], unpack(over)) end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return ARGV[1]`)

/**
 * KEYS index; ARGV cursor (first '0'), pattern, about how many. Returns the next cursor (last '0') and members with scores.
 * ZSCAN returns every member that is there from the first page to the last, whatever is added or removed in between.
 */
export const PAGE: Script = script(`${ON_MASTER}
return redis.call('ZSCAN', KEYS[1], ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])`)

/** KEYS index; ARGV members. */
export const STRIKE_OFF: Script = script("return redis.call('ZREM', KEYS[1], unpack(ARGV))")
