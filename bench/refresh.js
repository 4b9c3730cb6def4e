import { beside } from './lib/build.js'
import { keyFor } from './lib/keys.js'
import { load } from './lib/load.js'
import { compare, CONNECTIONS } from './lib/measure.js'
import { SQLITE_DRIVER } from './lib/stores.js'

const RECIPE = '@fastify/jwt + @fastify/cookie, no store'

const ours = [
  { label: RECIPE, name: 'recipe' },
  { label: '@fastify/jwt + @fastify/cookie, one UPDATE (pg)', name: 'recipe', options: { driver: 'pg' } },
  { label: '@fastify/jwt + @fastify/cookie, one UPDATE (postgres.js)', name: 'recipe', options: { driver: 'postgres.js' } },
  { label: 'an answer of that size, no tokens', name: 'bare' },
  { label: 'MemoryStore', name: 'jwtRefresh', options: { store: 'memory' } },
  { label: 'Redis (ioredis)', name: 'jwtRefresh', options: { store: 'ioredis' } },
  { label: 'Redis (ioredis, enableAutoPipelining)', name: 'jwtRefresh', options: { store: 'ioredis', client: { enableAutoPipelining: true } } },
  { label: 'Redis (node-redis)', name: 'jwtRefresh', options: { store: 'node-redis' } },
  { label: 'PostgreSQL (pg, prepare: true)', name: 'jwtRefresh', options: { store: 'pg', prepare: true } },
  { label: 'PostgreSQL (pg)', name: 'jwtRefresh', options: { store: 'pg' } },
  { label: 'PostgreSQL (postgres.js)', name: 'jwtRefresh', options: { store: 'postgres.js' } },
  { label: 'MariaDB (mysql2)', name: 'jwtRefresh', options: { store: 'mysql2' } },
  { label: `SQLite (${SQLITE_DRIVER}, synchronous = NORMAL)`, name: 'jwtRefresh', options: { store: 'sqlite', synchronous: 'NORMAL' } },
  { label: `SQLite (${SQLITE_DRIVER}, synchronous = FULL)`, name: 'jwtRefresh', options: { store: 'sqlite', synchronous: 'FULL' } }
]
const peers = [
  { label: 'oidc-provider', name: 'oidcProvider', requests: 1000, transport: 'form' },
  { label: 'better-auth', name: 'betterAuth', requests: 500 }
]

/** `depth`: how many clients share a connection. The higher it is, the less time the kernel takes per response. */
const loads = {
  'refresh, a connection a client': { depth: 1, candidates: [...ours, ...peers] },
  'refresh, 10 clients a connection': { depth: 10, candidates: ours }
}

/** @param {number} rounds */
export async function refresh (rounds, { titles = /./, only = /./, against } = {}) {
  const key = keyFor('HS256')
  const results = {}
  for (const [title, { depth, candidates }] of Object.entries(loads).filter(([title]) => titles.test(title))) {
    const chosen = beside(candidates.filter(({ label }) => label === RECIPE || only.test(label)), against)
      .map((candidate) => ({ ...candidate, clients: CONNECTIONS * depth, options: { key, ...candidate.options } }))
    results[title] = await compare({ file: 'candidates/refresh.js', base: RECIPE, candidates: chosen, logIn, depth }, rounds)
  }
  return results
}

/** Logs in each client, which then always sends the token of its last response. */
export async function logIn (port, { clients: count, transport = 'cookie' }) {
  const wire = transports[transport]
  const clients = []
  const login = { request: () => request('/login', ''), receive: (head, body) => clients.push(chain(wire, wire.take(head, body))) }
  await load(port, [login], count, 1)
  return Array.from({ length: CONNECTIONS }, (_, i) => share(clients.filter((_client, j) => j % CONNECTIONS === i)))
}

/** A connection that several clients use in turn. Responses arrive in the order of the requests (RFC 9112 §9.3.2). */
function share (clients) {
  const waiting = []
  return {
    request () {
      const client = clients.shift()
      waiting.push(client)
      return client.request()
    },
    receive (head, body) {
      const client = waiting.shift()
      client.receive(head, body)
      clients.push(client)
    }
  }
}

function chain ({ send, take }, token) {
  return {
    request: () => send(token),
    receive (head, body) {
      const next = take(head, body)
      if (next === undefined) throw new Error(`no new token: ${head}\n\n${body}`)
      token = next
    }
  }
}

const transports = {
  cookie: {
    send: (cookie) => request('/auth/refresh', `cookie: ${cookie}\r\n`),
    take: (head) => /\r\nset-cookie: ([^;]+)/i.exec(head)?.[1]
  },
  form: {
    send: (token) => request('/token', 'content-type: application/x-www-form-urlencoded\r\n', `client_id=app&grant_type=refresh_token&refresh_token=${token}`),
    take: (_head, body) => JSON.parse(body).refresh_token
  }
}

function request (path, headers, body = '') {
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`
}
