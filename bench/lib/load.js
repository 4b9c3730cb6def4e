import { once } from 'node:events'
import { connect } from 'node:net'

// A client of a few lines. What it takes is not counted, but a light one leaves the processor to the server.

const HEAD_END = '\r\n\r\n'

/**
 * One connection: what to send next, and what to do with the answer.
 *
 * @typedef {{ request: () => string | Buffer, receive: (head: string, body: string) => void }} Client
 */

/**
 * Sends `count` requests over keep-alive connections.
 *
 * @param {number} port
 * @param {Client[]} clients
 * @param {number} count
 * @param {number} depth how many requests a connection has under way
 * @param {boolean} awake whether the client never sleeps: to wake it can cost the server more than to answer
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

/** Every server here answers with a Content-Length. */
function onAnswers (socket, receive, reject) {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
    socket.cork() // what follows from one chunk leaves in one
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
