import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { AppModule } from './app.module'
import { configure } from './configure'

// Without a secret of yours, a restart signs everyone out. So does the default store, which is in memory.
const { AUTH_SECRET = randomBytes(32).toString('base64'), PORT = '3000' } = process.env

async function start (): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
  await configure(app, AUTH_SECRET)
  await app.listen(Number(PORT))
}

start()
