import type { AddressInfo } from 'node:net'
import { buildApp } from './app.ts'
import { createCertificate, flagsFor } from './certificate.ts'
import { addThief } from './thief.ts'

const { PORT = '3000', DATA_FOLDER, DEVICE_BOUND } = process.env
const certificate = DEVICE_BOUND === '1' ? createCertificate() : undefined

const app = await buildApp({
  ...(DATA_FOLDER !== undefined && { folder: DATA_FOLDER }),
  ...(certificate !== undefined && { certificate }),
  logger: { level: 'warn' },
  onEvent: (event) => console.log(new Date().toLocaleTimeString(), JSON.stringify(event))
})
if (certificate !== undefined) addThief(app, console.log)
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())

const { port } = app.server.address() as AddressInfo
const url = `${certificate === undefined ? 'http' : 'https'}://localhost:${port}`
console.log(`\n  Open ${url} and log in: the page says who may. Or steal a refresh token: ${url}/theft. Ctrl+C stops.\n`)
if (certificate !== undefined) console.log(`  In a browser that can bind sessions, also without a TPM:\n\n  chromium --user-data-dir=/tmp/device-bound ${flagsFor(certificate)} ${url}\n`)
