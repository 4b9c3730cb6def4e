import { once } from 'node:events'
import { connect } from 'node:net'

// A minimal HTTP client. Its processor time is not counted, but a small client leaves more of the processor to the server.

const HEAD_END = '\r\n\r\n'

/**
 * One connection: `request` returns the next request, and `receive` gets the response.
 *
 * @typedef {{ request: () => string | Buffer, receive: (head: string, body: string) => void }} Client
 */

/**
 * Sends `count` requests over keep-alive connections.
 *
 * @param {number} port
 * @param {Client[]} clients
 * @param {number} count
 * @param {number} depth the number of concurrent requests per connection
 * @param {boolean} awake whether the client polls instead of sleeping: waking it can cost the server more than the response
 */
export async function load (port, clients, count, depth, awake = false) {
  let toSend = count
  const stayAwake = () => { if (awake) setImmediate(stayAwake) }
  stayAwake()
  await Promise.all(clients.map(async ({ request, receive }) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    await new Promise((resolve, reject) => {
      let awaited = 0
      const sendNext = () => {
        if (toSend > 0) {
          toSend--
          awaited++
          socket.write(request())
        } else if (awaited === 0) {
          resolve(undefined)
        }
      }
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('the server closed the connection')))
      onAnswers(socket, (head, body) => {
        awaited--
        if (!head.startsWith('HTTP/1.1 200')) throw new Error(`unexpected answer: ${head}\n\n${body}`)
        receive(head, body)
        sendNext()
      }, reject)
      for (let i = 0; i < depth; i++) sendNext()
    }).finally(() => socket.destroy())
  })).finally(() => { awake = false })
}

/** Parses responses by their Content-Length, which every server here sends. */
function onAnswers (socket, receive, reject) {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
    socket.cork() // sends all requests that follow from one chunk together
    try {
      for (let end = text.indexOf(HEAD_END); end !== -1; end = text.indexOf(HEAD_END)) {
        const head = text.slice(0, end)
        const start = end + HEAD_END.length
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)[1])
        if (text.length < start + length) break
        const body = text.slice(start, start + length)
        text = text.slice(start + length)
        receive(head, body)
      }
    } catch (error) {
      reject(error)
    }
    socket.uncork()
  })
}
