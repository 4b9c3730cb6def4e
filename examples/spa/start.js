// Starts the API on port 3000 and the page on port 5173. Two ports are two origins.
import { createServer } from 'vite'
import { buildApi } from './api.js'

const { AUTH_SECRET, API_PORT = '3000', PORT = '5173' } = process.env
const pageOrigin = `http://localhost:${PORT}`

const api = await buildApi({ secret: AUTH_SECRET, pageOrigin, logger: { level: 'warn' } })
await api.listen({ port: Number(API_PORT) })

process.env.VITE_API_URL ??= `http://localhost:${API_PORT}` // Vite passes it to src/auth.js
const page = await createServer({ server: { port: Number(PORT), strictPort: true } })
await page.listen()

console.log(`Open ${pageOrigin}; the API is ${process.env.VITE_API_URL}`)
