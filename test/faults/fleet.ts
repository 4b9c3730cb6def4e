import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Message } from './server.ts'

const CACHE = join(import.meta.dirname, '../../node_modules/.cache')
const START_WITHIN = 60_000 // ms

interface Instance {
  process: ChildProcess
  port: number
}

/** The app's processes, as behind a load balancer that has not noticed yet that some of them are dead. */
export class Fleet {
  readonly #env: Record<string, string>
  readonly #instances: Instance[] = []
  #folder = ''
  /** Called for each session that the `ahead` rule has recovered. */
  onRecovered: () => void = () => {}

  constructor (env: Record<string, string>) {
    this.#env = env
  }

  async start (processes: number, storeUrl: string): Promise<void> {
    this.#env.STORE_URL = storeUrl
    await mkdir(CACHE, { recursive: true })
    this.#folder = await mkdtemp(join(CACHE, 'faults-'))
    await compile(this.#program)
    this.#instances.push(...await Promise.all(Array.from({ length: processes }, () => this.#fork(0))))
  }

  get #program (): string {
    return join(this.#folder, 'server.mjs')
  }

  get size (): number {
    return this.#instances.length
  }

  /** The port of a random process, dead or alive. */
  pick (): number {
    return (this.#instances[Math.floor(Math.random() * this.#instances.length)] as Instance).port
  }

  async kill (index: number): Promise<void> {
    await kill((this.#instances[index] as Instance).process)
  }

  async restart (index: number): Promise<void> {
    this.#instances[index] = await this.#fork((this.#instances[index] as Instance).port)
  }

  async stop (): Promise<void> {
    await Promise.all(this.#instances.splice(0).map(async ({ process }) => await kill(process)))
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #fork (port: number): Promise<Instance> {
    const child = fork(this.#program, {
      execArgv: [],
      env: { PATH: process.env.PATH, ...this.#env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    const watch = setTimeout(() => child.kill('SIGKILL'), START_WITHIN)
    const instance = await new Promise<Instance>((resolve, reject) => {
      child.once('exit', (code, signal) => reject(new Error(`a process of the app ended before it listened: ${code ?? signal}`)))
      child.on('message', (message: Message) => {
        if (message === 'recovered') this.onRecovered()
        else resolve({ process: child, port: message.port })
      })
    })
    clearTimeout(watch)
    return instance
  }
}

async function kill (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Bundles the app once, so that not every process compiles the sources. The folder must be one from which packages resolve. */
async function compile (outfile: string): Promise<void> {
  const entryPoints = [join(import.meta.dirname, 'server.ts')]
  await build({ entryPoints, outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' })
}
