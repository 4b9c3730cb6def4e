// Prints the tables of docs/scale.md.

const STORES = { memory: '`MemoryStore`', redis: 'Redis', postgres: 'PostgreSQL', partitions: 'PostgreSQL, 16 partitions', sqlite: 'SQLite' }
const CALLS = {
  rotate: 'a rotation', create: '`create`', find: '`find`', list: '`list`', deleteAll: '`deleteAll`', sweep: 'a sweep', sweepExpired: '1000 removed'
}

export function tables (measured) {
  return [costs(measured), rates(measured), ...measured.map(about)].join('\n')
}

/** The 50th and 99th percentile in milliseconds. */
function costs (measured) {
  const head = `| | sessions | ${Object.values(CALLS).join(' | ')} |\n|---|---:|${'---:|'.repeat(Object.keys(CALLS).length)}\n`
  return head + lines(measured, ({ calls }) => Object.keys(CALLS).map((call) => call in calls ? `${figure(calls[call].p50.median)} / ${figure(calls[call].p99.median)}` : ''))
}

function rates (measured) {
  const head = '| | sessions | bytes a session | rotations a second | quartiles | ratio to 100,000 | other figures |\n|---|---:|---:|---:|---:|---:|---|\n'
  return head + lines(measured, ({ size, bytes, hot, longestStatement, calls: { rotate } }, { sizes }) => {
    const base = sizes.find((one) => one.size === 100_000)?.calls.rotate.rate.median
    return [
      whole(bytes),
      whole(rotate.rate.median),
      `${whole(rotate.rate.low)}–${whole(rotate.rate.high)}`,
      base === undefined || size === 100_000 ? '' : (rotate.rate.median / base).toFixed(2),
      [
        ...(rotate.serverMicroseconds === undefined ? [] : [`${Math.round(rotate.serverMicroseconds.median)} µs of the server per rotation`]),
        ...(rotate.walBytes === undefined ? [] : [`${whole(rotate.walBytes.median)} bytes of log per rotation`]),
        ...(hot === undefined ? [] : [`${(100 * hot).toFixed(1)} % HOT`]),
        ...(longestStatement === undefined ? [] : [`longest statement of a sweep: ${figure(longestStatement)} ms`])
      ].join(', ')
    ]
  })
}

function lines (measured, cellsOf) {
  return measured.flatMap((store) => store.sizes.map((size) => `| ${[STORES[store.name], whole(size.size), ...cellsOf(size, store)].join(' | ')} |\n`)).join('')
}

function about ({ name, sizes, ...facts }) {
  return `${STORES[name]}: ${JSON.stringify(facts)}\n`
}

function figure (value) {
  return value < 1 ? value.toPrecision(2) : value < 10 ? value.toFixed(1) : String(Math.round(value))
}

function whole (value) {
  return Math.round(value).toLocaleString('en')
}
