import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The file of an entry point, such as './redis', of this build or of the one in another checkout. */
export function entryFile (entry, folder = ROOT) {
  const { exports } = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'))
  const target = exports[entry]
  return resolve(folder, target.default ?? target)
}

export function importEntry (entry, folder) {
  return import(pathToFileURL(entryFile(entry, folder)).href)
}

/**
 * The candidates, each of this package's followed by the same of the build in another checkout. The ratio of such a pair's
 * second row is what this build takes of the other one's time.
 *
 * @param {Array<{ label: string, name: string, options?: object }>} candidates
 * @param {string | undefined} folder the other checkout, built
 */
export function beside (candidates, folder) {
  if (folder === undefined) return candidates
  return candidates.flatMap((candidate) => candidate.name !== 'jwtRefresh'
    ? [candidate]
    : [candidate, { ...candidate, label: `${candidate.label}: this build, of the other one`, other: candidate.label, options: { ...candidate.options, folder } }])
}
