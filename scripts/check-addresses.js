// `prepublishOnly`, so `npm publish` runs it first: a package page without these leads nobody to the sources or to a place for
// reports. It resolves the links of the README against `repository`, which `--provenance` compares with where it was built.

import { readFileSync } from 'node:fs'

const file = process.argv[2] ?? new URL('../package.json', import.meta.url)
const manifest = JSON.parse(readFileSync(file, 'utf8'))
const missing = ['repository', 'homepage', 'bugs'].filter((field) => !manifest[field])

if (missing.length > 0) {
  console.error(`package.json has no ${missing.join(', no ')}: add the addresses at which this package is developed, then publish`)
  process.exitCode = 1
}
