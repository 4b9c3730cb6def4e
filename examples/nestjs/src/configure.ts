import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import jwtRefresh, { MemoryStore } from 'fastify-jwt-refresh'

/** What main.ts and the tests do with the app before it listens. */
export async function configure (app: NestFastifyApplication, secret: string | undefined): Promise<void> {
  await app.register(jwtRefresh, { secret, store: new MemoryStore() })
}
