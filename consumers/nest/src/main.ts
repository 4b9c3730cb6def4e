import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { AppModule } from './app.module'
import { configure } from './configure'

async function start (): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
  await configure(app, process.env.AUTH_SECRET)
  await app.listen(3000)
}

start()
