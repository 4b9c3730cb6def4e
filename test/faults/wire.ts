import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

interface Line {
  near: Socket
  far: Socket
}

/** The wire between the app's processes and their store: an address that stays while what is behind it fails. */
export class Wire {
  readonly #lines = new Set<Line>()
  /** The clients' ends, those of lines that are forgotten included. */
  readonly #near = new Set<Socket>()
  readonly #server: Server
  #target: URL
  #port = 0
  #isFrozen = false
  #holdsAnswers = false

  constructor (url: string) {
    this.#target = new URL(url)
    // Half-open, so that a silent store stays silent when its client hangs up.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
  }

  async open (): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** What the store's clients connect to. */
  get url (): string {
    const url = new URL(this.#target)
    url.port = String(this.#port)
    return url.href
  }

  /** From now on new connections lead to another server, as after a failover behind one name. */
  leadTo (url: string): void {
    this.#target = new URL(url)
  }

  /** Connections are taken and kept, nothing passes; then all of it does. */
  freeze (): void {
    this.#isFrozen = true
    for (const { near, far } of this.#lines) for (const socket of [near, far]) socket.pause()
  }

  /** What is asked for is done, but no answer comes through. */
  holdAnswers (): void {
    this.#holdsAnswers = true
    for (const { far } of this.#lines) far.pause()
  }

  release (): void {
    this.#isFrozen = this.#holdsAnswers = false
    for (const { near, far } of this.#lines) for (const socket of [near, far]) socket.resume()
  }

  /** What is connected stays silent for good, as after a power cut or a lost route; new connections work. */
  forget (): void {
    for (const line of this.#lines) {
      this.#lines.delete(line)
      line.far.destroy()
      line.near.removeAllListeners('data').resume()
    }
  }

  /** Hangs up on whatever is connected. How many connections were in use. */
  cut (): number {
    const inUse = this.#lines.size
    for (const socket of this.#near) socket.destroy()
    return inUse
  }

  /** Nothing listens any more, until the wire is opened again. */
  async close (): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #accept (near: Socket): void {
    const far = connect(Number(this.#target.port), this.#target.hostname)
    const line = { near, far }
    this.#lines.add(line)
    this.#near.add(near)
    near.setNoDelay(true)
    far.setNoDelay(true)
    near.on('data', (chunk) => far.write(chunk))
    far.on('data', (chunk) => near.write(chunk))
    near.on('end', () => { if (this.#lines.has(line)) far.end() })
    far.on('end', () => { if (this.#lines.has(line)) near.end() })
    near.on('error', () => {}).on('close', () => {
      this.#lines.delete(line)
      this.#near.delete(near)
      far.destroy()
    })
    far.on('error', () => {}).on('close', () => {
      if (this.#lines.delete(line)) near.destroy()
    })
    if (this.#isFrozen) near.pause()
    if (this.#isFrozen || this.#holdsAnswers) far.pause()
  }
}
