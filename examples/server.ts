import type { AddressInfo } from 'node:net'
import { buildApp } from './app.ts'

const { PORT = '3000', DATA_FOLDER } = process.env

const app = await buildApp({
  ...(DATA_FOLDER !== undefined && { folder: DATA_FOLDER }),
  logger: { level: 'warn' },
  onEvent: (event) => console.log(new Date().toLocaleTimeString(), JSON.stringify(event))
})
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())

const { port } = app.server.address() as AddressInfo
console.log(`\n  Open http://localhost:${port} and log in: the page says who may. Ctrl+C stops.\n`)
