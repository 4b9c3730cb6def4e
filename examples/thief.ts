import type { FastifyInstance } from 'fastify'

/** With DEVICE_BOUND=1, a simulated thief with a copy of the refresh cookie tries to refresh after each refresh of the victim. */
export function addThief (app: FastifyInstance, say: (text: string) => void): void {
  app.addHook('onResponse', async ({ url, headers }, reply) => {
    const cookies = String(headers.cookie)
    const stolen = /__Host-refreshToken=[^;]+/.exec(cookies)
    if (url !== '/auth/refresh' || reply.statusCode !== 200 || stolen === null || !cookies.includes('__Host-deviceBound=')) return
    const { statusCode, body } = await app.inject({ method: 'POST', url, headers: { cookie: stolen[0] } })
    say(`stolen cookie: ${statusCode === 200 ? 'it works' : `useless (${statusCode} ${JSON.parse(body).code})`}`)
  })
}
