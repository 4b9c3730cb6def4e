// `server.js FILE NAME OPTIONS`: runs one server in a separate process, which measures only its own processor time. The client is
// therefore not included, and other load on the machine matters little.

import { once } from 'node:events'

const [file, name, options] = process.argv.slice(2)
const candidates = await import(new URL(file, import.meta.url))
const server = await candidates[name](JSON.parse(options))
await once(server.listen(0, '127.0.0.1'), 'listening')

let before
process.on('message', (message) => {
  if (message === 'start') {
    before = process.cpuUsage()
    process.send('started')
  } else {
    const { user, system } = process.cpuUsage(before)
    process.send(user + system)
  }
})
process.on('disconnect', () => process.exit())
process.send(server.address().port)
