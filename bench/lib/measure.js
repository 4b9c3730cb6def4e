import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { load } from './load.js'
import { summary } from './statistics.js'

export const CONNECTIONS = 32

const SERVER = fileURLToPath(new URL('server.js', import.meta.url))
const WARM_UP = 3 // rounds, until the JIT compiler has warmed up
const STARTS = 3

/**
 * Measures how much processor time a request costs each of several servers. Every round measures all of them in turn, so that other
 * load on the machine affects all alike, and each ratio compares measurements of the same round. All servers are restarted twice,
 * because two processes of the same program can differ by a few percent.
 *
 * @param {object} suite
 * @param {string} suite.file the module of the servers
 * @param {string} suite.base the label of the candidate whose ratio is 1
 * @param {Array<{ label: string, name: string, options?: object, requests?: number, other?: string }>} suite.candidates
 * @param {(port: number, candidate: object) => Promise<Array<import('./load.js').Client>>} suite.logIn
 * @param {number} suite.depth the number of concurrent requests per connection
 * @param {boolean} [suite.awake] whether the client polls instead of sleeping
 * @param {number} rounds
 */
export async function compare (suite, rounds) {
  const costs = Object.fromEntries(suite.candidates.map(({ label }) => [label, []]))
  for (let turn = 0; turn < STARTS; turn++) {
    await measure(suite, Math.floor((rounds + turn) / STARTS), costs)
  }
  return suite.candidates.map(({ label, other }) => ({
    label,
    microseconds: summary(costs[label]),
    ratio: other === undefined ? ratio(costs[label], costs[suite.base]) : ratio(costs[other], costs[label])
  }))
}

function ratio (costs, bases) {
  return summary(costs.map((cost, round) => cost / bases[round]))
}

/** @param {Record<string, number[]>} costs receives the results */
async function measure (suite, rounds, costs) {
  const running = []
  for (const candidate of suite.candidates) running.push(await start(suite, candidate))
  for (const { run, requests } of running) await run(requests * WARM_UP)

  for (let round = 0; round < rounds; round++) {
    for (const { label, run, ask, requests } of running) {
      await run(requests / 10) // refills the processor's caches after the other servers
      await ask('start')
      await run(requests)
      costs[label].push(await ask('stop') / requests)
    }
    running.push(running.shift()) // rotates the order, in case it matters
  }
  for (const { child } of running) child.disconnect()
}

async function start ({ file, logIn, depth, awake }, candidate) {
  const { label, name, options = {}, requests = 10_000 } = candidate
  const child = fork(SERVER, [`../${file}`, name, JSON.stringify(options)], { execArgv: profiling(label) })
  const [port] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => { throw new Error(`${label} ended with exit code ${code}`) })
  ])
  const clients = await logIn(port, candidate)
  return {
    label,
    child,
    requests,
    run: (count) => load(port, clients, count, depth, awake),
    async ask (message) {
      child.send(message)
      return (await once(child, 'message'))[0]
    }
  }
}

/** With BENCH_PROFILE=FOLDER, each server writes a CPU profile to that folder. */
function profiling (label) {
  const folder = process.env.BENCH_PROFILE
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}/${label.replaceAll(/\W+/g, '-')}`] : []
}
