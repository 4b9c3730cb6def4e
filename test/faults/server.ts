// One process of the app. The Fleet forks, kills and restarts it, and passes its settings in environment variables.
import Fastify from 'fastify'
import jwtRefresh from '../../index.ts'
import { openStore, type ClientName, type Settings } from './clients.ts'

/** A message to the parent process. */
export type Message = { port: number } | 'recovered'

const { STORE_CLIENT, STORE_URL, STORE_SETTINGS, STORE_TIMEOUT, OVERLAP, PORT } = process.env as Record<string, string>

const { store } = await openStore(STORE_CLIENT as ClientName, STORE_URL as string, STORE_SETTINGS as Settings)
const app = Fastify()

// Serves the two kinds of browsers of browser.ts. The windows are shorter than in production.
for (const [prefix, overlap] of [['/chain', '0s'], ['/tabs', OVERLAP]] as const) {
  await app.register(async (scope) => {
    await scope.register(jwtRefresh, {
      secret: 'the processes of the app share one secret',
      store,
      storeTimeout: STORE_TIMEOUT,
      refreshToken: { overlap: overlap as string },
      onEvent ({ type }) {
        if (type === 'recovered') tell(type)
      }
    })
    scope.post('/login', async (request, reply) => reply.issueTokens(request.body as { sub: string }))
  }, { prefix })
}

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
tell({ port: (app.server.address() as { port: number }).port })

// Exits when the parent process is gone.
process.once('disconnect', () => process.exit())

function tell (message: Message): void {
  process.send?.(message)
}
