import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The file of an entry point, such as './redis', in this build or in the build of another checkout. */
export function entryFile (entry, folder = ROOT) {
  const { exports } = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'))
  const target = exports[entry]
  return resolve(folder, target.default ?? target)
}

export function importEntry (entry, folder) {
  return import(pathToFileURL(entryFile(entry, folder)).href)
}

/**
 * Adds to each candidate of this package the same candidate from the build of another checkout. The ratio in the second row of
 * such a pair is the time of this build divided by the time of the other build.
 *
 * @param {Array<{ label: string, name: string, options?: object }>} candidates
 * @param {string | undefined} folder the other checkout, which must be built
 */
export function beside (candidates, folder) {
  if (folder === undefined) return candidates
  return candidates.flatMap((candidate) => candidate.name !== 'jwtRefresh'
    ? [candidate]
    : [candidate, { ...candidate, label: `${candidate.label}: this build, of the other one`, other: candidate.label, options: { ...candidate.options, folder } }])
}
