import { join } from 'node:path'
import { build } from 'esbuild'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import t from 'tap'
import { useAuth } from '../../lib/client/react.ts'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { createBrowser } from '../fixtures/client.ts'
import { root } from '../fixtures/package.ts'

t.test('on the server side the status is unknown, whatever the client knows', async (t) => {
  const { newTab, login, count } = await createBrowser(t)
  const { auth } = newTab()
  auth.setSession(await login())
  const App = () => createElement('p', null, useAuth(auth).status)
  t.equal(renderToString(createElement(App)), '<p>unknown</p>')
  t.equal(count('POST /auth/refresh'), 0)
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
          if (window.refreshes === 1) return new Response('', { status: 503 })
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
  const texts = ['unknown nobody 503', 'signed-in Anna']
  for (const text of texts) await page.getByText(text).waitFor({ timeout: 20_000 })
  t.equal(await page.evaluate('refreshes'), 2, 'it has recovered by itself')
  await page.evaluate('auth.logout().catch(() => {})')
  await page.getByText('signed-out nobody').waitFor({ timeout: 20_000 })
  t.equal(await page.evaluate('refreshes'), 3)
})
