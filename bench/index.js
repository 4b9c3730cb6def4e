// `npm run bench [-- SUITE…] [--rounds N]`

import { access } from './access.js'

const suites = { access }
const rounds = 3
for (const [name, run] of Object.entries(suites)) {
  const r = await run(rounds)
  for (const [k, list] of Object.entries(r)) {
    console.log(name, k)
    for (const { label, microseconds: m, ratio } of list) console.log(label.padEnd(50), m.median.toFixed(1).padStart(8), ratio.median.toFixed(3), `${ratio.low.toFixed(3)}–${ratio.high.toFixed(3)}`)
  }
}
