import { createAuthClient } from 'fastify-jwt-refresh/client'

const API = import.meta.env.VITE_API_URL ?? 'http://localhost:3000'

// The client keeps the access token in memory and refreshes it for all tabs. The refresh token is in a cookie of the API.
export const auth = createAuthClient({ baseUrl: API })

/** Calls the API with the access token, and resolves to the JSON of the response. */
export async function callApi (path, options) {
  const response = await auth.fetch(API + path, options)
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return await response.json()
}

export function postJson (path, body) {
  return callApi(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}
