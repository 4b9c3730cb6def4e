// An ES module app that also loads the package with `require`.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import Fastify from 'fastify'
import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'
import * as all from 'fastify-jwt-refresh'
import { AuthUnavailableError, createAuthClient } from 'fastify-jwt-refresh/client'
import { attachAxios } from 'fastify-jwt-refresh/client/axios'
import { withDpop } from 'fastify-jwt-refresh/client/dpop'
import { createAuthClient as createNativeClient } from 'fastify-jwt-refresh/client/native'
import { useAuth } from 'fastify-jwt-refresh/client/react'
import { mysqlStore } from 'fastify-jwt-refresh/mysql'
import { postgresStore } from 'fastify-jwt-refresh/postgres'
import { redisStore } from 'fastify-jwt-refresh/redis'
import { sqlStore } from 'fastify-jwt-refresh/sql'
import { sqliteStore } from 'fastify-jwt-refresh/sqlite'
import { loginAs, testStore } from 'fastify-jwt-refresh/testing'

const require = createRequire(import.meta.url)

for (const exported of [attachAxios, withDpop, createNativeClient, useAuth, mysqlStore, postgresStore, redisStore, sqlStore, sqliteStore, testStore]) assert.equal(typeof exported, 'function')
assert.equal(all.default, jwtRefresh)
assert.equal(all.MemoryStore, MemoryStore)

// The server's entries exist only once.
assert.equal(require('fastify-jwt-refresh'), jwtRefresh)
assert.equal(require('fastify-jwt-refresh').MemoryStore, MemoryStore)
assert.equal(require('fastify-jwt-refresh/redis').redisStore, redisStore)
assert.equal(require('fastify-jwt-refresh/postgres').postgresStore, postgresStore)
assert.equal(require('fastify-jwt-refresh/testing').loginAs, loginAs)
assert.equal(errorOf(() => new MemoryStore({ size: 1 })).constructor, errorOf(() => redisStore({})).constructor)

// The client's entries may exist twice, so errors are identified by name.
const required = require('fastify-jwt-refresh/client')
for (const { createAuthClient: create } of [{ createAuthClient }, required]) {
  const auth = create({ baseUrl: 'https://api.example.com', fetch: async () => { throw new Error('offline') } })
  await assert.rejects(auth.ready(), { name: 'AuthUnavailableError' })
}
assert.equal(new AuthUnavailableError().name, new required.AuthUnavailableError().name)

const app = Fastify()
await app.register(import('fastify-jwt-refresh'), { secret: 'a secret of more than thirty-two bytes', store: new MemoryStore(), dpop: {} })
app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
const { headers, cookies } = await loginAs(app, { sub: 'user-1' })
assert.equal((await app.inject({ url: '/me', headers })).json().sub, 'user-1')
assert.equal((await app.inject('/me')).statusCode, 401)
assert.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
await app.close()

function errorOf (fn) {
  try {
    fn()
  } catch (error) {
    return error
  }
}
