import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { load } from './load.js'
import { summary } from './statistics.js'

export const CONNECTIONS = 32

const SERVER = fileURLToPath(new URL('server.js', import.meta.url))
const WARM_UP = 3 // rounds; until then the compiler is at work
const STARTS = 3

/**
 * Runs servers against each other and says what processor time a request costs each of them. Every round measures all
 * of them one after the other, so that whatever else the machine does hits all alike; a ratio is made within its round.
 * All are started anew twice, because one process can be some percent slower than the next one of the same program.
 *
 * @param {object} suite
 * @param {string} suite.file the module of the servers
 * @param {string} suite.base the label of the one that counts as 1
 * @param {Array<{ label: string, name: string, options?: object, requests?: number, other?: string }>} suite.candidates
 * @param {(port: number, candidate: object) => Promise<Array<import('./load.js').Client>>} suite.logIn
 * @param {number} suite.depth how many requests a connection has under way
 * @param {boolean} [suite.awake] whether the client never sleeps
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

/** @param {Record<string, number[]>} costs is added to */
async function measure (suite, rounds, costs) {
  const running = []
  for (const candidate of suite.candidates) running.push(await start(suite, candidate))
  for (const { run, requests } of running) await run(requests * WARM_UP)

  for (let round = 0; round < rounds; round++) {
    for (const { label, run, ask, requests } of running) {
      await run(requests / 10) // what the others pushed out of the processor's caches
      await ask('start')
      await run(requests)
      costs[label].push(await ask('stop') / requests)
    }
    running.push(running.shift()) // another one is first in each round, for the case that it matters
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

/** With BENCH_PROFILE=FOLDER each server writes a CPU profile there. */
function profiling (label) {
  const folder = process.env.BENCH_PROFILE
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}/${label.replaceAll(/\W+/g, '-')}`] : []
}
