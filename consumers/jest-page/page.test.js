import { expect, test } from '@jest/globals'
import { createAuthClient } from 'fastify-jwt-refresh/client'
import { attachAxios } from 'fastify-jwt-refresh/client/axios'
import { createAuthClient as createNativeClient } from 'fastify-jwt-refresh/client/native'
import { useAuth } from 'fastify-jwt-refresh/client/react'

test('the client, in a page of jsdom', async () => {
  expect(typeof document).toBe('object')
  const answer = { ok: false, status: 403, headers: new Map(), text: async () => '{"code":"FST_JWT_REFRESH_TOKEN_EXPIRED"}' }
  const auth = createAuthClient({ baseUrl: 'https://api.example.com', fetch: async () => answer })
  expect(await auth.ready()).toMatchObject({ status: 'signed-out' })
  auth.dispose()
})

test('its adapters', () => {
  expect([typeof attachAxios, typeof createNativeClient, typeof useAuth]).toEqual(['function', 'function', 'function'])
})

test('a session, as a page has it', async () => {
  const answers = { '/login': { accessToken: `e30.${btoa('{"sub":"user-1"}')}.x`, expiresIn: 900 } }
  const fetch = async (url) => {
    const answer = answers[new URL(url).pathname]
    return { ok: Boolean(answer), status: answer ? 200 : 403, headers: new Map(), text: async () => JSON.stringify(answer ?? { code: 'FST_JWT_REFRESH_TOKEN_EXPIRED' }) }
  }
  const auth = createAuthClient({ baseUrl: 'https://api.example.com', fetch, idleAfter: 600 })
  expect(await auth.logIn({})).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } })
  document.dispatchEvent(new Event('visibilitychange'))
  expect(await auth.getToken({ signal: new AbortController().signal })).toBe(answers['/login'].accessToken)
  expect(await auth.refresh()).toMatchObject({ status: 'signed-out' })
  auth.dispose()
})

test('without a fetch, the page is told what is missing', () => {
  expect(() => createAuthClient({ baseUrl: 'https://api.example.com' })).toThrow('give one as the option fetch')
})
