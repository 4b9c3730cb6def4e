import { Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import jwtRefresh, { MemoryStore } from '../../index.ts'
import { createAsk, visit } from './visitor.ts'

// `npm run soak`: runs a server under steady traffic for SOAK_MINUTES (default: 10). Fails if its memory grows, if its event loop
// blocks, if it responds with 5xx, or if it leaves a resource open after `close()`.

const MINUTES = Number(process.env.SOAK_MINUTES ?? 10)
const VISITORS = 8
/** The plugin's clock is faster than real time, so that sessions of hours expire during the run. */
const FASTER = 600
const SAMPLE_EVERY = 5000 // ms
const WARM_UP = 0.25 // the share of the time in which the JIT and the caches warm up
const MAX_GROWTH = 0.1
const MAX_DELAY_P99 = 100 // ms; 13 on two idle cores, including the forced garbage collections
const MAX_DELAY = 500 // ms; 28 on the same machine

const { gc } = globalThis
if (gc === undefined || !(MINUTES > 0)) throw new Error('npm run soak, SOAK_MINUTES a positive number')

const started = Date.now()
const now = (): number => started + (Date.now() - started) * FASTER
const app = Fastify()
await app.register(jwtRefresh, {
  secret: 'a secret of more than thirty-two bytes',
  now,
  store: new MemoryStore(),
  sweepInterval: 1,
  accessToken: { cache: 2000 },
  refreshToken: { expiresIn: '1h', maxAge: '4h' }
})
app.post('/login', async (request, reply) => reply.issueTokens(request.body as { sub: string }))
app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user)
app.get('/sensitive', { onRequest: [app.authenticate, app.requireSession] }, async () => ({ fine: true }))
const answers = new Map<number, number>()
app.addHook('onResponse', async (_request, { statusCode }) => { answers.set(statusCode, (answers.get(statusCode) ?? 0) + 1) })
await app.listen({ port: 0, host: '127.0.0.1' })

const agent = new Agent({ keepAlive: true, maxSockets: VISITORS * 2 })
const ask = createAsk((app.server.address() as AddressInfo).port, agent)
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

const end = performance.now() + MINUTES * 60_000
const isOver = (): boolean => performance.now() >= end
let visits = 0
const traffic = Array.from({ length: VISITORS }, async () => {
  while (!isOver()) await visit(ask, visits++, () => sleep(20)) // 12 s by the plugin's clock, longer than the overlap
})

const heaps: number[] = []
const sampling = (async () => {
  while (!isOver()) {
    await sleep(Math.min(SAMPLE_EVERY, Math.max(1, end - performance.now())))
    gc()
    heaps.push(process.memoryUsage().heapUsed / 1e6)
  }
})()
await Promise.all([...traffic, sampling])
delay.disable()

await app.close()
agent.destroy()
await sleep(100)

const warm = heaps.slice(Math.floor(heaps.length * WARM_UP))
const half = Math.floor(warm.length / 2)
const [before, after] = [median(warm.slice(0, half)), median(warm.slice(-half))]
const growth = after / before - 1
const p99 = delay.percentile(99) / 1e6
const max = delay.max / 1e6
const left = process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe|FS|File)/.test(name))
const failures = [...answers].filter(([status]) => status >= 500)

console.log(`${MINUTES} min, ${visits} visits, answers: ${[...answers].sort().map(([status, count]) => `${count} × ${status}`).join(', ')}`)
console.log(`heap after gc: ${before.toFixed(1)} MB, then ${after.toFixed(1)} MB (${(growth * 100).toFixed(1)} %)`)
console.log(`event loop delay: p99 ${p99.toFixed(0)} ms, max ${max.toFixed(0)} ms`)
console.log(`left open: ${left.join(', ') || 'nothing'}`)

demand(heaps.length >= 8, 'too short to tell')
demand(growth < MAX_GROWTH, 'the memory grows')
demand(p99 < MAX_DELAY_P99 && max < MAX_DELAY, 'the event loop hangs')
demand(left.length === 0, 'something is left open')
demand(failures.length === 0, 'answers of 500 and more')

function median (values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function demand (isSo: boolean, complaint: string): void {
  if (isSo) return
  console.error(`FAILED: ${complaint}`)
  process.exitCode = 1
}
