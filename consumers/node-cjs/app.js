'use strict'

// A CommonJS app that also loads the package with `import()`.

const assert = require('node:assert/strict')
const Fastify = require('fastify')
const jwtRefresh = require('fastify-jwt-refresh')
const { MemoryStore } = require('fastify-jwt-refresh')
const { createAuthClient } = require('fastify-jwt-refresh/client')
const { attachAxios } = require('fastify-jwt-refresh/client/axios')
const { withDpop } = require('fastify-jwt-refresh/client/dpop')
const { createAuthClient: createNativeClient } = require('fastify-jwt-refresh/client/native')
const { useAuth } = require('fastify-jwt-refresh/client/react')
const { mysqlStore } = require('fastify-jwt-refresh/mysql')
const { postgresStore } = require('fastify-jwt-refresh/postgres')
const { redisStore } = require('fastify-jwt-refresh/redis')
const { sqlStore } = require('fastify-jwt-refresh/sql')
const { sqliteStore } = require('fastify-jwt-refresh/sqlite')
const { loginAs, testStore } = require('fastify-jwt-refresh/testing')

async function main () {
  for (const exported of [createAuthClient, attachAxios, withDpop, createNativeClient, useAuth, mysqlStore, postgresStore, redisStore, sqlStore, sqliteStore, testStore]) assert.equal(typeof exported, 'function')
  assert.equal(typeof jwtRefresh, 'function')
  assert.equal(jwtRefresh.default, jwtRefresh)
  assert.equal(jwtRefresh.MemoryStore, MemoryStore)

  const imported = await import('fastify-jwt-refresh')
  assert.equal(imported.default, jwtRefresh)
  assert.equal(imported.MemoryStore, MemoryStore)

  for (const plugin of [jwtRefresh, jwtRefresh.default, import('fastify-jwt-refresh')]) {
    const app = Fastify()
    await app.register(plugin, { secret: 'a secret of more than thirty-two bytes', store: new MemoryStore(), dpop: {} })
    app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
    const { headers, cookies } = await loginAs(app, { sub: 'user-1' })
    assert.equal((await app.inject({ url: '/me', headers })).json().sub, 'user-1')
    assert.equal((await app.inject('/me')).statusCode, 401)
    assert.equal((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode, 200)
    await app.close()
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
