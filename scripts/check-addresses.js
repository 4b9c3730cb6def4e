// `prepublishOnly`, so `npm publish` runs it first. Without these fields, the package's page on npm has no links to the sources and
// to the issue tracker. npm resolves the README's links against `repository`, and `--provenance` compares it with the build's origin.

import { readFileSync } from 'node:fs'

const file = process.argv[2] ?? new URL('../package.json', import.meta.url)
const manifest = JSON.parse(readFileSync(file, 'utf8'))
const missing = ['repository', 'homepage', 'bugs'].filter((field) => !manifest[field])

if (missing.length > 0) {
  console.error(`package.json has no ${missing.join(', no ')}: add the addresses at which this package is developed, then publish`)
  process.exitCode = 1
}
