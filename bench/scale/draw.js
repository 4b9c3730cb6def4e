// Draws the plot of docs/scale.md. It supports light and dark mode, and the shapes of the marks make it readable without colours.

const STORES = { memory: 'MemoryStore', redis: 'Redis', postgres: 'PostgreSQL', sqlite: 'SQLite' }
const CALLS = { rotate: 'a rotation', create: 'a login (create)', list: 'the two sessions of a user (list)', sweep: 'a sweep' }

const STYLE = `
  svg { font: 15px system-ui, sans-serif }
  .paper { fill: #ffffff } text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 }
  .memory { --ink: #57606a } .redis { --ink: #c2290a } .postgres { --ink: #0757c7 } .sqlite { --ink: #116329 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
    .memory { --ink: #b1bac4 } .redis { --ink: #ff8a70 } .postgres { --ink: #79b8ff } .sqlite { --ink: #56d364 }
  }
  .line { fill: none; stroke: var(--ink); stroke-width: 2.5 } .slow { stroke-width: 1.5; stroke-dasharray: 4 4 }
  .mark { fill: var(--ink) }`

const WIDTH = 930
const PANEL = { width: 350, height: 225, left: 75, top: 120, gapX: 95, gapY: 100 }
const SIZES = [1e3, 1e7]
const SIZE_TICKS = { 1e3: '1,000', 1e5: '100,000', 1e7: '10 million' }
const TIMES = [0.01, 1000] // ms
const TIME_TICKS = { 0.01: '10 µs', 0.1: '0.1 ms', 1: '1 ms', 10: '10 ms', 100: '0.1 s', 1000: '1 s' }

const MARKS = {
  memory: (x, y) => `<circle class="mark" cx="${x}" cy="${y}" r="5"/>`,
  redis: (x, y) => `<rect class="mark" x="${x - 5}" y="${y - 5}" width="10" height="10"/>`,
  postgres: (x, y) => `<path class="mark" d="M${x} ${y - 7}l7 7l-7 7l-7 -7z"/>`,
  sqlite: (x, y) => `<path class="mark" d="M${x} ${y - 6}l7 12h-14z"/>`
}

/** @param {Array<{ name: string, sizes: Array<{ size: number, calls: object }> }>} measured */
export function draw (measured) {
  const stores = measured.filter(({ name }) => name in STORES)
  const panels = Object.keys(CALLS).map((call, index) => panel(call, stores, index))
  const height = PANEL.top + 2 * PANEL.height + PANEL.gapY + 60
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">How long a rotation, a login, a list and a sweep take with a thousand, a hundred thousand and ten million sessions</title>
<style>${STYLE}
</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
${legend(stores)}
${panels.join('\n')}
</svg>
`
}

function legend (stores) {
  const entries = stores.map(({ name }, index) =>
    `<g class="${name}">${MARKS[name](85 + 150 * index, 35)}<text x="${100 + 150 * index}" y="40">${STORES[name]}</text></g>`)
  return entries.join('\n') + `
<text class="faint" x="75" y="70">By the number of sessions, 16 calls at a time. Solid: half of the calls took less. Dashed: 99 of 100 did.</text>`
}

function panel (call, stores, index) {
  const left = PANEL.left + (index % 2) * (PANEL.width + PANEL.gapX)
  const top = PANEL.top + Math.floor(index / 2) * (PANEL.height + PANEL.gapY)
  const x = (size) => round(left + PANEL.width * share(size, SIZES))
  const y = (time) => round(top + PANEL.height * (1 - share(time, TIMES)))
  const lines = stores.map(({ name, sizes }) => {
    const points = sizes.filter(({ calls }) => call in calls).map(({ size, calls }) => ({ x: x(size), p50: y(calls[call].p50.median), p99: y(calls[call].p99.median) }))
    const path = (which) => points.map((point) => `${point.x},${point[which]}`).join(' ')
    return `<g class="${name}"><polyline class="line slow" points="${path('p99')}"/><polyline class="line" points="${path('p50')}"/>${points.map((point) => MARKS[name](point.x, point.p50)).join('')}</g>`
  })
  return `<text x="${left}" y="${top - 15}" font-weight="600">${CALLS[call]}</text>
${Object.entries(TIME_TICKS).map(([time, text]) => `<path class="grid" d="M${left} ${y(time)}h${PANEL.width}"/><text class="faint" x="${left - 8}" y="${y(time) + 5}" text-anchor="end">${text}</text>`).join('\n')}
${Object.entries(SIZE_TICKS).map(([size, text]) => `<text class="faint" x="${x(size)}" y="${top + PANEL.height + 24}" text-anchor="middle">${text}</text>`).join('\n')}
${lines.join('\n')}`
}

function share (value, [from, to]) {
  return Math.log(value / from) / Math.log(to / from)
}

function round (value) {
  return Math.round(value * 10) / 10
}
