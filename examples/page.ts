import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { OutputFile } from 'esbuild'
import type { FastifyInstance } from 'fastify'

const SCRIPT = 'text/javascript; charset=utf-8'
const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': SCRIPT, '.svg': 'image/svg+xml' }
const FILES = [
  'index.html', 'style.css', 'icon.svg', 'app.js', 'dom.js', 'format.js', 'log.js', 'outage.js',
  'theft/index.html', 'theft/style.css', 'theft/theft.js', 'theft/demo.js', 'theft/family.js', 'theft/tree.js', 'theft/story.js', 'theft/guide.js'
]

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
  for (const file of FILES) {
    const url = `/${file.replace(/\/?index\.html$/, '')}`
    serve(url, TYPES[extname(file)] as string, await readFile(new URL(`public/${file}`, import.meta.url)))
  }
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
