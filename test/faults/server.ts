// One process of the app, which the Fleet forks, kills and starts again, with its settings in the environment.
import Fastify from 'fastify'
import jwtRefresh from '../../index.ts'
import { openStore, type ClientName, type Settings } from './clients.ts'

/** What the driver is told. */
export type Message = { port: number } | 'recovered'

const { STORE_CLIENT, STORE_URL, STORE_SETTINGS, STORE_TIMEOUT, OVERLAP, PORT } = process.env as Record<string, string>

const { store } = await openStore(STORE_CLIENT as ClientName, STORE_URL as string, STORE_SETTINGS as Settings)
const app = Fastify()

// Two kinds of clients, see browser.ts. The windows of a day's sessions, made small enough for a test.
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

// Without its driver it has no reason to live.
process.once('disconnect', () => process.exit())

function tell (message: Message): void {
  process.send?.(message)
}
