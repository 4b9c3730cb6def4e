import { request } from 'node:http'
import type { Agent, IncomingHttpHeaders } from 'node:http'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: { accessToken?: string }
}

export type Ask = (method: 'GET' | 'POST', path: string, headers: Record<string, string>, body?: object) => Promise<Answer>

/** Sends requests over sockets, unlike `inject`. */
export function createAsk (port: number, agent: Agent): Ask {
  return async (method, path, headers, body) => new Promise((resolve, reject) => {
    const payload = body === undefined ? '' : JSON.stringify(body)
    const ours = { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }), 'content-length': Buffer.byteLength(payload) }
    const sent = request({ port, host: '127.0.0.1', method, path, headers: ours, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(payload)
  })
}

/** A user who logs in, returns with several tabs, loses responses, has a token stolen, and logs out or stays away. */
export async function visit (ask: Ask, number: number, pause: () => Promise<void>): Promise<void> {
  const login = await ask('POST', '/login', {}, { sub: `user-${number % 1000}` })
  let cookie = cookieOf(login)
  let accessToken = login.body.accessToken ?? ''
  const first = cookie

  for (let turn = 0; turn < 5; turn++) {
    await ask('GET', '/me', { authorization: `Bearer ${accessToken}` })
    await ask('GET', '/sensitive', { authorization: `Bearer ${accessToken}` })
    await pause()
    const tabs = await Promise.all([1, 2].map(() => ask('POST', '/auth/refresh', { cookie })))
    for (const tab of tabs) {
      if (tab.status !== 200) continue
      accessToken = tab.body.accessToken ?? accessToken
      const isLost = number % 7 === turn
      if (!isLost) cookie = cookieOf(tab) || cookie
    }
  }
  const garbage = `${accessToken.slice(0, -number % 50 - 1)}${number}`
  await ask('GET', '/me', { authorization: `Bearer ${garbage}` })
  await ask('POST', '/auth/refresh', { cookie: `__Host-refreshToken=${garbage}` })
  if (number % 5 === 0) await ask('POST', '/auth/refresh', { cookie: first })
  else if (number % 5 === 1) await ask('POST', '/auth/logout', { cookie })
  else if (number % 5 === 2) await ask('POST', '/auth/logout', { cookie }, { everywhere: true })
}

function cookieOf ({ headers }: Answer): string {
  return headers['set-cookie']?.[0]?.split(';', 1)[0] ?? ''
}
