// `npm run bench:scale [-- memory|redis|postgres|partitions|sqlite …] [--sizes=1000,100000] [--rounds=N]`: measures the named stores,
// by default all five, then draws and prints all results so far. `-- draw` measures nothing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { installNode } from '../../scripts/install-node.js'
import { draw } from './draw.js'
import { tables } from './tables.js'

const SIZES = {
  memory: [1_000, 100_000, 1_000_000],
  redis: [1_000, 100_000, 10_000_000],
  postgres: [1_000, 100_000, 10_000_000],
  partitions: [1_000, 100_000, 10_000_000],
  sqlite: [1_000, 100_000, 10_000_000]
}
const ROUNDS = 9
const HEAP = 8000 // MB

const RESULTS = new URL('../results/', import.meta.url)
const PLOT = new URL('../../docs/scale.svg', import.meta.url)
const STORE = fileURLToPath(new URL('store.js', import.meta.url))
const LOAD_TYPESCRIPT = new URL('../../scripts/load-typescript.js', import.meta.url).href

const args = process.argv.slice(2)
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1]
const rounds = Number(option('rounds') ?? ROUNDS)
const chosen = args.filter((arg) => !arg.startsWith('--'))
const unknown = chosen.find((name) => name !== 'draw' && !(name in SIZES))
if (unknown !== undefined) throw new Error(`There is no store ${unknown}: choose from ${Object.keys(SIZES).join(', ')}, or draw`)

mkdirSync(RESULTS, { recursive: true })
for (const name of chosen.length > 0 ? chosen : Object.keys(SIZES)) {
  if (name === 'draw') continue
  const sizes = option('sizes')?.split(',').map(Number) ?? SIZES[name]
  const results = name === 'memory' ? joined(await inTurn(sizes, (size) => measure(name, [size]))) : await measure(name, sizes)
  writeFileSync(fileOf(name), JSON.stringify({ date: new Date().toISOString().slice(0, 10), cores: availableParallelism(), ...results }, null, 2) + '\n')
}

const measured = Object.keys(SIZES).filter((name) => existsSync(fileOf(name))).map((name) => ({ name, ...JSON.parse(readFileSync(fileOf(name), 'utf8')) }))
if (measured.length === 0) throw new Error('Nothing has been measured yet')
writeFileSync(PLOT, draw(measured))
const markdown = tables(measured)
writeFileSync(new URL('scale.md', RESULTS), markdown)
console.log(markdown)

function fileOf (name) {
  return new URL(`scale-${name}.json`, RESULTS)
}

async function measure (name, sizes) {
  const child = spawn(await nodeFor(name), [
    '--import', LOAD_TYPESCRIPT, '--expose-gc', `--max-old-space-size=${HEAP}`, '--disable-warning=ExperimentalWarning', STORE, name, String(rounds), ...sizes.map(String)
  ], { stdio: ['ignore', 'pipe', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop(child))
  child.stdout.on('data', (chunk) => { if (!String(chunk).startsWith('{')) process.stdout.write(chunk) })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`the measurement of ${name} ended with exit code ${code}`)
  return JSON.parse(output.trim().split('\n').at(-1))
}

/** The child stops its server and removes its files. */
function stop (child) {
  child.once('exit', () => process.exit(1))
  child.kill()
}

/** SQLite needs a Node.js with `node:sqlite`, which the current one may not have. */
async function nodeFor (name) {
  if (name !== 'sqlite' || process.getBuiltinModule('node:sqlite') !== undefined) return process.execPath
  return await installNode('24') ?? process.execPath
}

async function inTurn (items, call) {
  const answers = []
  for (const item of items) answers.push(await call(item))
  return answers
}

function joined (results) {
  return { ...results[0], sizes: results.flatMap(({ sizes }) => sizes) }
}
