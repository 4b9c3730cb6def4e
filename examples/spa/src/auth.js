import { createAuthClient } from 'fastify-jwt-refresh/client'

const API = import.meta.env.VITE_API_URL ?? 'http://localhost:3000'

// It keeps the access token in memory and refreshes it, for all tabs together. The refresh token is a cookie of the API.
export const auth = createAuthClient({ baseUrl: API })

/** Asks the API, with the access token; resolves to the JSON of its answer. */
export async function callApi (path, options) {
  const response = await auth.fetch(API + path, options)
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return await response.json()
}

export function postJson (path, body) {
  return callApi(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}
