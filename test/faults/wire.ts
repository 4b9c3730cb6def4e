import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

interface Line {
  near: Socket
  far: Socket
}

/** A TCP proxy between the app's processes and their store. Its address stays the same while the server behind it fails. */
export class Wire {
  readonly #lines = new Set<Line>()
  /** All sockets of clients, including those of forgotten lines. */
  readonly #near = new Set<Socket>()
  readonly #server: Server
  #target: URL
  #port = 0
  #isFrozen = false
  #holdsAnswers = false

  constructor (url: string) {
    this.#target = new URL(url)
    // Half-open, so that a silent store stays silent when its client closes the connection.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
  }

  async open (): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** The URL that the store's clients connect to. */
  get url (): string {
    const url = new URL(this.#target)
    url.port = String(this.#port)
    return url.href
  }

  /** Routes new connections to another server, as after a failover behind the same host name. */
  leadTo (url: string): void {
    this.#target = new URL(url)
  }

  /** Accepts and keeps connections, but holds all data back until `release()`. */
  freeze (): void {
    this.#isFrozen = true
    for (const { near, far } of this.#lines) for (const socket of [near, far]) socket.pause()
  }

  /** Passes requests to the store, but holds its replies back until `release()`. */
  holdAnswers (): void {
    this.#holdsAnswers = true
    for (const { far } of this.#lines) far.pause()
  }

  release (): void {
    this.#isFrozen = this.#holdsAnswers = false
    for (const { near, far } of this.#lines) for (const socket of [near, far]) socket.resume()
  }

  /** Existing connections stay silent forever, as after a power failure or a lost route. New connections work. */
  forget (): void {
    for (const line of this.#lines) {
      this.#lines.delete(line)
      line.far.destroy()
      line.near.removeAllListeners('data').resume()
    }
  }

  /** Closes all connections. Returns how many were in use. */
  cut (): number {
    const inUse = this.#lines.size
    for (const socket of this.#near) socket.destroy()
    return inUse
  }

  /** Refuses connections until the wire is opened again. */
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
