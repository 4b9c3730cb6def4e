import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

const PATIENCE = 10_000 // ms; only a request that hangs takes this long

export interface Answer {
  status: number
  /** The refresh cookie of the response. */
  cookie: string | undefined
  retryAfter: string | undefined
  body: string
  /** Milliseconds. */
  took: number
}

/** The request got no response. */
export class HangError extends Error {}

/** Keep-alive connections, as in browsers, and the requests in flight on them. */
export class Connections {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #underWay = new Set<{ request: ClientRequest, path: string }>()

  /** @throws if the connection is refused or lost; HangError if there is no response */
  async post (port: number, path: string, { cookie, body }: { cookie?: string, body?: object }): Promise<Answer> {
    const start = performance.now()
    const sent = request({
      agent: this.#agent,
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      headers: {
        ...(cookie !== undefined && { cookie: `__Host-refreshToken=${cookie}` }),
        ...(body !== undefined && { 'content-type': 'application/json' })
      }
    })
    const entry = { request: sent, path }
    this.#underWay.add(entry)
    const watch = setTimeout(() => sent.destroy(new HangError(`${path} was not answered`)), PATIENCE)
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        sent.once('response', resolve).once('error', reject)
        sent.end(body && JSON.stringify(body))
      })
      const content = await text(response)
      return { ...read(response), body: content, took: performance.now() - start }
    } finally {
      clearTimeout(watch)
      this.#underWay.delete(entry)
    }
  }

  /** Closes the connections of all pending requests to paths with this prefix. */
  hangUp (prefix: string): void {
    for (const { request, path } of this.#underWay) {
      if (path.startsWith(prefix)) request.destroy(new Error('hung up'))
    }
  }

  close (): void {
    this.#agent.destroy()
  }
}

function read ({ statusCode, headers }: IncomingMessage): Pick<Answer, 'status' | 'cookie' | 'retryAfter'> {
  const cookies = (headers['set-cookie'] ?? []).map((one) => /^__Host-refreshToken=([^;]*)/.exec(one)?.[1])
  return { status: statusCode ?? 0, cookie: cookies.find((one) => one !== undefined), retryAfter: headers['retry-after'] }
}
