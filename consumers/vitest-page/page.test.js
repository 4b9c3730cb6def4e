import { createAuthClient } from 'fastify-jwt-refresh/client'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

const API = 'https://api.example.com'
const claims = btoa(JSON.stringify({ sub: 'user-1', sid: 'session-1' }))
const server = setupServer(
  http.post(`${API}/login`, () => HttpResponse.json({ accessToken: `e30.${claims}.old`, expiresIn: 900 })),
  http.post(`${API}/auth/refresh`, () => HttpResponse.json({ accessToken: `e30.${claims}.new`, expiresIn: 900 })),
  http.post(`${API}/auth/logout`, () => new HttpResponse(null, { status: 204 })),
  http.post(`${API}/echo`, async ({ request }) => {
    if (request.headers.get('authorization') !== `Bearer e30.${claims}.new`) return new HttpResponse(null, { status: 401 })
    return HttpResponse.text(await request.text())
  })
)
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

test('a page, from the login to the logout', async () => {
  expect(typeof document).toBe('object')
  const auth = createAuthClient({ baseUrl: API, idleAfter: 600 })
  expect(await auth.logIn({ password: 'open sesame' })).toMatchObject({ status: 'signed-in', claims: { sub: 'user-1' } })
  const response = await auth.fetch(`${API}/echo`, { method: 'POST', body: 'once more' })
  expect([response.status, await response.text()]).toEqual([200, 'once more'])
  document.dispatchEvent(new Event('visibilitychange'))
  await auth.logout()
  expect(auth.getSnapshot().status).toBe('signed-out')
  auth.dispose()
})

test('a server that is away', async () => {
  server.use(http.post(`${API}/auth/refresh`, () => HttpResponse.error()))
  const auth = createAuthClient({ baseUrl: API })
  await expect(auth.ready()).rejects.toMatchObject({ name: 'AuthUnavailableError' })
  auth.dispose()
})
