import { beside } from './lib/build.js'
import { keyFor } from './lib/keys.js'
import { load } from './lib/load.js'
import { compare, CONNECTIONS } from './lib/measure.js'

const MANY = 10_000
/** More than twice the default size of the cache: each token has been evicted by the time it is sent again. */
const UNSEEN = 25_000
const SMALL_CACHE = 1000
const DEPTH = 10

const hmac = [
  { label: 'a hook that does nothing', name: 'emptyHook', tokens: MANY },
  { label: 'authenticate, one token', name: 'jwtRefresh', tokens: 1, logins: MANY },
  { label: 'authenticate, 10,000 tokens', name: 'jwtRefresh', tokens: MANY },
  { label: 'authenticate, never seen', name: 'jwtRefresh', tokens: UNSEEN },
  { label: 'authenticate, cache: false', name: 'jwtRefresh', tokens: MANY, options: { cache: false } },
  { label: 'authenticate, cache: 1000 for 10,000 tokens', name: 'jwtRefresh', tokens: MANY, options: { cache: SMALL_CACHE } },
  { label: '@fastify/jwt', name: 'fastifyJwtVerify', tokens: MANY },
  { label: 'the verifier of @fastify/jwt alone', name: 'fastifyJwtVerifier', tokens: MANY },
  { label: '@fastify/jwt, cache: true, one token', name: 'fastifyJwtVerify', tokens: 1, logins: MANY, options: { cache: true } },
  { label: '@fastify/jwt, cache: 1000 for 10,000 tokens', name: 'fastifyJwtVerify', tokens: MANY, options: { cache: SMALL_CACHE } }
]

const otherLibraries = [
  { label: 'jose', name: 'jose', tokens: MANY },
  { label: 'jsonwebtoken', name: 'jsonwebtoken', tokens: MANY },
  { label: 'express, no authentication', name: 'bareExpress', tokens: MANY },
  { label: 'express, jsonwebtoken', name: 'jsonwebtokenExpress', tokens: MANY },
  { label: '@fastify/session, memory', name: 'session', tokens: 1000 },
  { label: '@fastify/session, Redis', name: 'session', tokens: 1000, options: { redis: true } },
  { label: '@fastify/secure-session', name: 'secureSession', tokens: 1000 },
  { label: 'better-auth', name: 'betterAuth', tokens: 4, requests: 500 }
]

const keyPairs = [
  { label: 'authenticate, one token', name: 'jwtRefresh', tokens: 1, logins: MANY },
  { label: 'authenticate, 10,000 tokens', name: 'jwtRefresh', tokens: MANY },
  { label: 'authenticate, cache: false', name: 'jwtRefresh', tokens: 100, options: { cache: false }, requests: 1000 },
  { label: '@fastify/jwt', name: 'fastifyJwtVerify', tokens: 100, requests: 1000 },
  { label: 'jose', name: 'jose', tokens: 100, requests: 1000 }
]

/** Several short suites: a ratio compares two measurements of a round, and is more precise if they are close in time. */
const suites = [
  { title: 'HS256', algorithm: 'HS256', candidates: hmac },
  { title: 'HS256, other libraries', algorithm: 'HS256', candidates: otherLibraries },
  ...['ES256', 'EdDSA', 'RS256'].map((algorithm) => ({ title: algorithm, algorithm, candidates: keyPairs }))
]
const BARE = { label: 'no authentication', name: 'bare', tokens: MANY }

/** @param {number} rounds */
export async function access (rounds, { titles = /./, only = /./, against } = {}) {
  const results = {}
  for (const { title, algorithm, candidates } of suites.filter(({ title }) => titles.test(title))) {
    const key = keyFor(algorithm)
    const chosen = [BARE, ...beside(candidates.filter(({ label }) => only.test(label)), against)]
      .map((candidate) => ({ ...candidate, options: { algorithm, key, ...candidate.options } }))
    results[title] = await compare({ file: 'candidates/access.js', base: BARE.label, candidates: chosen, logIn, depth: DEPTH, awake: true }, rounds)
  }
  return results
}

/**
 * Logs in over HTTP. All connections send the same tokens in turn, also to routes without authentication, so that all servers
 * read the same amount of data. Candidates with one token log in as often as those with many, because logins change the heap.
 */
async function logIn (port, { tokens, logins = tokens }) {
  const requests = []
  await load(port, forAll(() => 'POST /login HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\n\r\n', (head, body) => {
    const cookies = [...head.matchAll(/\r\nset-cookie: ([^;]+)/gi)].map(([, cookie]) => cookie)
    const header = cookies.length > 0 && !body.includes('accessToken') ? `cookie: ${cookies.join('; ')}` : `authorization: Bearer ${JSON.parse(body).accessToken}`
    requests.push(Buffer.from(`GET /me HTTP/1.1\r\nhost: bench\r\n${header}\r\n\r\n`))
  }), logins, 1)

  let sent = 0
  return forAll(() => requests[sent++ % tokens], () => {})
}

function forAll (request, receive) {
  return Array.from({ length: CONNECTIONS }, () => ({ request, receive }))
}
