import { keyFor } from './lib/keys.js'
import { load } from './lib/load.js'
import { compare, CONNECTIONS } from './lib/measure.js'

const RECIPE = '@fastify/jwt + @fastify/cookie, no store'

const candidates = [
  { label: RECIPE, name: 'recipe' },
  { label: 'MemoryStore', name: 'jwtRefresh', options: { store: 'memory' } },
  { label: 'Redis (ioredis)', name: 'jwtRefresh', options: { store: 'ioredis' } },
  { label: 'Redis (node-redis)', name: 'jwtRefresh', options: { store: 'node-redis' } },
  { label: 'PostgreSQL (pg, prepare: true)', name: 'jwtRefresh', options: { store: 'pg', prepare: true } },
  { label: 'PostgreSQL (pg)', name: 'jwtRefresh', options: { store: 'pg', prepare: false } },
  { label: 'oidc-provider', name: 'oidcProvider', requests: 1000, transport: 'form' },
  { label: 'better-auth', name: 'betterAuth', requests: 500 }
]

/** @param {number} rounds */
export async function refresh (rounds, { only = /./ } = {}) {
  const key = keyFor('HS256')
  const chosen = candidates
    .filter(({ label }) => label === RECIPE || only.test(label))
    .map((candidate) => ({ ...candidate, options: { key, ...candidate.options } }))
  return { refresh: await compare({ file: 'candidates/refresh.js', base: RECIPE, candidates: chosen, logIn, depth: 1 }, rounds) }
}

/** A login a connection, which then sends what the last answer gave it. */
async function logIn (port, { transport = 'cookie' }) {
  const clients = []
  const wire = transports[transport]
  const login = { request: () => request('/login', ''), receive: (head, body) => clients.push(chain(wire, wire.take(head, body))) }
  await load(port, [login], CONNECTIONS, 1)
  return clients
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
