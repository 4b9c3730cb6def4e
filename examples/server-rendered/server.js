import { buildApp } from './app.js'

const { AUTH_SECRET, PORT = '3000' } = process.env

const app = await buildApp({ secret: AUTH_SECRET, logger: { level: 'warn' } })
await app.listen({ port: Number(PORT) })
console.log(`Open http://localhost:${PORT}`)
