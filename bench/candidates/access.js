// Servers with one protected route. Each uses its library as documented.

import { createPrivateKey, createPublicKey, createSecretKey, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import jwtPlugin from '@fastify/jwt'
import Fastify from 'fastify'
import { importEntry } from '../lib/build.js'
import { PREFIX, REDIS_URL } from '../lib/services.js'

const SECONDS = 7200 // no token expires during the measurements
const route = () => ({ hello: 'world' })

/** A Fastify app with the route and, if `logIn` is given, a login route. */
async function server (onRequest, logIn, register = () => {}) {
  const app = Fastify()
  await register(app)
  if (logIn) app.post('/login', (request, reply) => logIn(request, reply, app))
  app.get('/me', { onRequest: onRequest ? [onRequest(app)] : [] }, route)
  await app.ready()
  return app.server
}

/** The claims of this package's access tokens, so that all tokens are of similar length. */
function claims () {
  const iat = Math.floor(Date.now() / 1000)
  return { role: 'user', sub: randomUUID(), sid: randomUUID().slice(0, 22), iat, exp: iat + SECONDS }
}

const tokenOf = (request) => request.headers.authorization.slice('Bearer '.length)

export function bare (options) {
  return fastifyJwt(options)
}

export function jwtRefresh ({ key, cache = true, folder }) {
  return server(
    (app) => app.authenticate,
    (_request, reply) => reply.issueTokens({ sub: randomUUID(), role: 'user' }),
    async (app) => {
      const { default: jwtRefresh } = await importEntry('.', folder)
      await app.register(jwtRefresh, {
        secret: key,
        accessToken: { cache, expiresIn: SECONDS },
        refreshToken: { secret: 'the refresh tokens have a secret of their own' }
      })
    })
}

export function emptyHook (options) {
  return fastifyJwt(options, () => (_request, _reply, done) => done())
}

/** The lowest cost of verifying every token with `@fastify/jwt`. */
export function fastifyJwtVerifier (options) {
  return fastifyJwt(options, (app) => (request, _reply, done) => {
    request.user = app.jwt.verify(tokenOf(request))
    done()
  })
}

export function fastifyJwtVerify (options) {
  return fastifyJwt(options, () => (request) => request.jwtVerify())
}

function fastifyJwt ({ algorithm, key, cache = false }, onRequest) {
  return server(
    onRequest,
    (_request, _reply, app) => ({ accessToken: app.jwt.sign(claims()) }),
    (app) => app.register(jwtPlugin, { secret: key, sign: { algorithm }, verify: { algorithms: [algorithm], cache } }))
}

export async function jose ({ algorithm, key }) {
  const { jwtVerify, SignJWT } = await import('jose')
  const publicKey = key.public ? createPublicKey(key.public) : createSecretKey(key, 'utf8')
  const privateKey = key.private ? createPrivateKey(key.private) : publicKey
  return await server(
    () => async (request) => {
      request.user = (await jwtVerify(tokenOf(request), publicKey, { algorithms: [algorithm] })).payload
    },
    async () => ({ accessToken: await new SignJWT(claims()).setProtectedHeader({ alg: algorithm, typ: 'JWT' }).sign(privateKey) }),
    (app) => { app.decorateRequest('user', null) })
}

export async function jsonwebtoken ({ key }) {
  const { default: jwt } = await import('jsonwebtoken')
  const secret = createSecretKey(key, 'utf8')
  return await server(
    () => async (request) => { request.user = jwt.verify(tokenOf(request), secret, { algorithms: ['HS256'] }) },
    () => ({ accessToken: jwt.sign(claims(), secret) }),
    (app) => { app.decorateRequest('user', null) })
}

export function bareExpress (options) {
  return expressServer(options)
}

export function jsonwebtokenExpress (options) {
  return expressServer(options, (jwt, secret) => (request, _response, next) => {
    request.user = jwt.verify(tokenOf(request), secret, { algorithms: ['HS256'] })
    next()
  })
}

async function expressServer ({ key }, middleware) {
  const { default: express } = await import('express')
  const { default: jwt } = await import('jsonwebtoken')
  const secret = createSecretKey(key, 'utf8')
  return createServer(express()
    .post('/login', (_request, response) => { response.json({ accessToken: jwt.sign(claims(), secret) }) })
    .get('/me', middleware ? [middleware(jwt, secret)] : [], (_request, response) => { response.json(route()) }))
}

export async function session ({ key, redis = false }) {
  const { default: fastifySession } = await import('@fastify/session')
  const store = redis && await redisSessions()
  return await server(
    () => demand((request) => request.session.user),
    (request) => {
      request.session.user = claims()
      return route()
    },
    async (app) => {
      await app.register(fastifyCookie)
      await app.register(fastifySession, { secret: key, cookie: { secure: false }, saveUninitialized: false, ...(store && { store }) })
    })
}

/** A minimal connect-redis: one GET per request. */
async function redisSessions () {
  const { Redis } = await import('ioredis')
  const client = new Redis(REDIS_URL)
  const keyOf = (id) => `${PREFIX}session:${id}`
  return {
    set: (id, session, done) => { client.set(keyOf(id), JSON.stringify(session), 'EX', SECONDS).then(() => done(), done) },
    get: (id, done) => { client.get(keyOf(id)).then((text) => done(null, JSON.parse(text)), done) },
    destroy: (id, done) => { client.del(keyOf(id)).then(() => done(), done) }
  }
}

export async function secureSession () {
  const { default: fastifySecureSession } = await import('@fastify/secure-session')
  return await server(
    () => demand((request) => request.session.get('user')),
    (request) => {
      request.session.set('user', claims())
      return route()
    },
    (app) => app.register(fastifySecureSession, { key: Buffer.alloc(32, 7), cookie: { path: '/', httpOnly: true } }))
}

function demand (userOf) {
  return async (request) => {
    if (!userOf(request)) throw new Error('not logged in')
  }
}

export async function betterAuth ({ key }) {
  const { createBetterAuth } = await import('./better-auth.js')
  const { auth, signUp, fromNodeHeaders } = await createBetterAuth(key)
  return await server(
    () => async (request) => {
      request.user = (await auth.api.getSession({ headers: fromNodeHeaders(request.headers) })).user
    },
    signUp,
    (app) => { app.decorateRequest('user', null) })
}
