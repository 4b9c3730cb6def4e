import { expect, test } from '@jest/globals'
import { createAuthClient } from 'fastify-jwt-refresh/client'
import { attachAxios } from 'fastify-jwt-refresh/client/axios'
import { useAuth } from 'fastify-jwt-refresh/client/react'

test('the client, in a page of jsdom', async () => {
  expect(typeof document).toBe('object')
  const answer = { ok: false, status: 403, headers: new Map(), text: async () => '{"code":"FST_JWT_REFRESH_TOKEN_EXPIRED"}' }
  const auth = createAuthClient({ baseUrl: 'https://api.example.com', fetch: async () => answer })
  expect(await auth.ready()).toMatchObject({ status: 'signed-out' })
  auth.dispose()
})

test('its adapters', () => {
  expect([typeof attachAxios, typeof useAuth]).toEqual(['function', 'function'])
})
