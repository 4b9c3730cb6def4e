import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { OutputFile } from 'esbuild'
import type { FastifyInstance } from 'fastify'

const HTML = 'text/html; charset=utf-8'
const CSS = 'text/css; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'
const FILES = {
  '/': ['index.html', HTML],
  '/style.css': ['style.css', CSS],
  '/app.js': ['app.js', SCRIPT],
  '/dom.js': ['dom.js', SCRIPT],
  '/format.js': ['format.js', SCRIPT],
  '/log.js': ['log.js', SCRIPT],
  '/outage.js': ['outage.js', SCRIPT],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
  '/theft': ['theft/index.html', HTML],
  '/theft/style.css': ['theft/style.css', CSS],
  '/theft/theft.js': ['theft/theft.js', SCRIPT],
  '/theft/demo.js': ['theft/demo.js', SCRIPT],
  '/theft/family.js': ['theft/family.js', SCRIPT],
  '/theft/tree.js': ['theft/tree.js', SCRIPT],
  '/theft/story.js': ['theft/story.js', SCRIPT],
  '/theft/guide.js': ['theft/guide.js', SCRIPT]
} as const

// An access token in a page's memory is as safe as the page's scripts, so only the example's own files may run.
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer'
}

/** Serves the pages and sets their headers. For a few files, this needs no plugin. */
export async function addPage (app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS)
  })
  for (const [url, [file, type]] of Object.entries(FILES)) serve(url, type, await readFile(new URL(`public/${file}`, import.meta.url)))
  serve('/client.js', SCRIPT, await bundleClient())

  function serve (url: string, type: string, content: string | Buffer): void {
    app.get(url, async (_request, reply) => reply.type(type).header('cache-control', 'no-cache').send(content))
  }
}

/** In your app, the bundler resolves `fastify-jwt-refresh/client`. esbuild is already installed here, to run TypeScript. */
async function bundleClient (): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../lib/client/index.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false
  })
  const [bundle] = outputFiles as [OutputFile]
  return bundle.text
}
