import { join } from 'node:path'
import { build } from 'esbuild'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import t from 'tap'
import { ask } from '../../lib/client/ask.ts'
import { useAuth } from '../../lib/client/react.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { createBrowser, settle } from '../fixtures/client.ts'
import { root } from '../fixtures/package.ts'

t.test('on the server side the status is unknown, whatever the client knows', async (t) => {
  const { newTab, login, count } = await createBrowser(t)
  const { auth } = newTab()
  auth.setSession(await login())
  const App = () => createElement('p', null, useAuth(auth).status)
  t.equal(renderToString(createElement(App)), '<p>unknown</p>')
  t.equal(count('POST /auth/refresh'), 0)
})

t.test('a server that is away is no unhandled rejection', async (t) => {
  const { newTab } = await createBrowser(t)
  const { auth } = newTab({ fetch: async () => { throw new TypeError('fetch failed') } })
  ask(auth)
  await settle()
  t.match(auth.getSnapshot(), { status: 'unknown', error: { name: 'AuthUnavailableError' } })
})

t.test('in a browser it renders each change', { skip: noChromium }, async (t) => {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: root,
      loader: 'ts',
      contents: `
        import { createElement, StrictMode } from 'react'
        import { createRoot } from 'react-dom/client'
        import { createAuthClient } from './lib/client/index.ts'
        import { useAuth } from './lib/client/react.ts'
        const payload = btoa(JSON.stringify({ sub: 'user-1', name: 'Anna' }))
        window.refreshes = 0
        const auth = window.auth = createAuthClient({ baseUrl: 'https://api.example.com', fetch: async () => {
          window.refreshes++
          if (!window.isBack) return new Response('', { status: 503 })
          return Response.json({ accessToken: 'e30.' + payload + '.x', expiresIn: 900 })
        } })
        function App () {
          const { status, claims, error } = useAuth(auth)
          return createElement('p', null, status + ' ' + (claims?.name ?? 'nobody') + (error ? ' ' + error.status : ''))
        }
        createRoot(document.body).render(createElement(StrictMode, null, createElement(App)))
      `
    },
    bundle: true,
    format: 'iife',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
    outfile: join(root, 'unused.js')
  })
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  await page.addScriptTag({ content: outputFiles[0]!.text })
  await page.getByText('unknown nobody 503').waitFor({ timeout: 20_000 })
  await page.evaluate('window.isBack = true')
  await page.getByText('signed-in Anna').waitFor({ timeout: 60_000 })
  t.ok(await page.evaluate('refreshes') as number >= 2, 'it has recovered by itself')
  await page.evaluate('auth.logout().catch(() => {})')
  await page.getByText('signed-out nobody').waitFor({ timeout: 20_000 })
})
