// `store.js NAME ROUNDS SIZE…`: measures one store with these sizes in a separate process. Its last line is the result as JSON.

import { leaveNothing } from '../../test/fixtures/leave-nothing.ts'
import { check, measure, sweepExpired } from './measure.js'
import { Sessions } from './sessions.js'
import { figuresOf } from './statistics.js'

const [name, rounds, ...sizes] = process.argv.slice(2)
leaveNothing()
const bed = await (await import(`./beds/${name}.js`)).open()
try {
  const loaded = []
  for (const [index, size] of sizes.map(Number).entries()) {
    const sessions = new Sessions(size)
    const start = performance.now()
    const one = { sessions, ...await bed.load(sessions, index) }
    await check(one.store, sessions)
    console.log(`${name}: ${size} sessions of ${Math.round(one.bytes)} bytes, loaded in ${Math.round((performance.now() - start) / 1000)} s`)
    loaded.push(one)
  }
  const measured = await measure(loaded, Number(rounds))

  const results = []
  for (const [index, { sessions, bytes, facts, expire, reopen, longestStatement }] of loaded.entries()) {
    const calls = figuresOf(measured[index])
    const more = await facts?.()
    if (expire) calls.sweepExpired = figuresOf([{ sweep: { times: await sweepExpired({ sessions, expire, reopen }) } }]).sweep
    results.push({ size: sessions.size, bytes, ...more, ...(longestStatement && { longestStatement: longestStatement() }), calls })
  }
  console.log(JSON.stringify({ ...bed.facts, ...await bed.finish?.(loaded.at(-1)), node: process.version, rounds: Number(rounds), sizes: results }))
} finally {
  await bed.close()
}
process.exit()
