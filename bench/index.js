// `npm run bench [-- access|refresh|rotations|growth …] [--rounds=N] [--against=FOLDER] [--titles=TEXT] [--only=TEXT]`: prints tables,
// and writes them and all figures to bench/results/.

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { access } from './access.js'
import { growth } from './growth.js'
import { removeTraces } from './lib/traces.js'
import { refresh } from './refresh.js'
import { rotations } from './rotations.js'

const suites = { access, refresh, rotations, growth }
const ROUNDS = 15

const args = process.argv.slice(2)
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1]
const rounds = Number(option('rounds') ?? ROUNDS)
const against = option('against')
const [only, titles] = ['only', 'titles'].map((name) => new RegExp(option(name) ?? ''))
const chosen = args.filter((arg) => !arg.startsWith('--'))
const unknown = chosen.find((name) => !(name in suites))
if (unknown !== undefined) throw new Error(`There is no suite ${unknown}: choose from ${Object.keys(suites).join(', ')}`)

const folder = new URL('results/', import.meta.url)
mkdirSync(folder, { recursive: true })
const machine = `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}`

try {
  for (const name of chosen.length > 0 ? chosen : Object.keys(suites)) {
    const results = await suites[name](rounds, { against, only, titles })
    const text = name === 'growth' ? JSON.stringify(results, null, 2) : Object.entries(results).map(table).join('\n')
    console.log(text)
    writeFileSync(new URL(`${name}.json`, folder), JSON.stringify({ machine, rounds, results }, null, 2) + '\n')
    if (name !== 'growth') writeFileSync(new URL(`${name}.md`, folder), text)
  }
} finally {
  await removeTraces()
}
process.exit()

function table ([title, rows]) {
  return rows.some(({ slow }) => slow !== undefined) ? tableOfTimes(title, rows) : tableOfCosts(title, rows)
}

function tableOfTimes (title, rows) {
  const lines = rows.map(({ label, microseconds: { median, low, high }, slow }) =>
    `| ${label} | ${median.toFixed(0)} | ${low.toFixed(0)}–${high.toFixed(0)} | ${slow.median.toFixed(0)} |\n`)
  return `| ${title} | µs | quartiles | slowest of 100 |\n|---|---:|---:|---:|\n${lines.join('')}`
}

function tableOfCosts (title, rows) {
  const lines = rows.map(({ label, microseconds, ratio }) =>
    `| ${label} | ${microseconds.median.toFixed(1)} | ${ratio.median.toFixed(2)} | ${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)} |\n`)
  return `| ${title} | µs | ratio | quartiles |\n|---|---:|---:|---:|\n${lines.join('')}`
}
