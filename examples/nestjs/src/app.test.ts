import 'reflect-metadata'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { loginAs } from 'fastify-jwt-refresh/testing'
import { AppModule } from './app.module'
import { configure } from './configure'

let app: NestFastifyApplication

beforeAll(async () => {
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile()
  app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter())
  await configure(app, 'a secret of more than thirty-two bytes')
  await app.init()
  await app.getHttpAdapter().getInstance().ready()
})

afterAll(() => app.close())

test('a login, a refresh, a logout', async () => {
  const login = await app.inject({ method: 'POST', url: '/login', payload: { email: 'alice@example.com', password: 'wonderland' } })
  expect(login.statusCode).toBe(201)
  const cookies = Object.fromEntries(login.cookies.map(({ name, value }) => [name, value]))
  const refreshed = await app.inject({ method: 'POST', url: '/auth/refresh', cookies })
  expect(refreshed.statusCode).toBe(200)
  const headers = { authorization: `Bearer ${refreshed.json().accessToken}` }
  expect((await app.inject({ url: '/me', headers })).json()).toMatchObject({ sub: 'user-1', role: 'admin' })
  expect((await app.inject({ method: 'POST', url: '/auth/logout', cookies })).statusCode).toBe(204)
  expect((await app.inject({ method: 'POST', url: '/auth/refresh', cookies })).statusCode).toBe(403)
})

test('a login without the right password', async () => {
  for (const payload of [{ email: 'alice@example.com', password: 'builder' }, { email: 'carol@example.com', password: 'builder' }, {}, undefined]) {
    const login = await app.inject({ method: 'POST', url: '/login', payload })
    expect(login.statusCode).toBe(401)
    expect(login.cookies).toEqual([])
  }
})

test('the guard', async () => {
  const refused = await app.inject('/me')
  expect(refused.statusCode).toBe(401)
  expect(refused.headers['www-authenticate']).toBe('Bearer')
  expect(refused.json().code).toBe('FST_JWT_ACCESS_TOKEN_MISSING')
  const { headers } = await loginAs(app.getHttpAdapter().getInstance(), { sub: 'user-2', role: 'user' })
  expect((await app.inject({ url: '/me', headers })).json()).toMatchObject({ sub: 'user-2', role: 'user' })
})
