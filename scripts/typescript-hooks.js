import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import { entryPoints, root } from './entry-points.js'

const sources = new Map(entryPoints.map(({ specifier, source }) => [specifier, new URL(source, root).href]))

/**
 * @template T
 * @param {string} specifier
 * @param {object} context
 * @param {(specifier: string, context: object) => T} nextResolve
 */
export function resolve (specifier, context, nextResolve) {
  return nextResolve(sources.get(specifier) ?? specifier, context)
}

/**
 * @template T
 * @param {string} url
 * @param {object} context
 * @param {(url: string, context: object) => T} nextLoad
 */
export function load (url, context, nextLoad) {
  if (!/^file:.*\.ts$/.test(url) || url.includes('/node_modules/')) return nextLoad(url, context)
  const sourcefile = fileURLToPath(url)
  const { code } = transformSync(readFileSync(sourcefile, 'utf8'), {
    loader: 'ts', format: 'esm', target: 'es2023', sourcemap: 'inline', sourcefile
  })
  return { format: 'module', source: code, shortCircuit: true }
}
