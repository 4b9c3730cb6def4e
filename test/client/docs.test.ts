import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'
import t from 'tap'
import axios from 'axios'
import type { InternalAxiosRequestConfig } from 'axios'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { effectScope } from 'vue'
import type { AuthSnapshot } from '../../lib/client/index.ts'
import { MINUTE } from '../fixtures/app.ts'
import { createBrowser, ORIGIN } from '../fixtures/client.ts'
import type { Browser } from '../fixtures/client.ts'
import { createProject, root } from '../fixtures/package.ts'

/* Runs the code of docs/client.md in a project with the package installed. */

t.setTimeout(120_000)

const page = await readFile(join(root, 'docs/client.md'), 'utf8')
const project = await createProject(t)
for (const name of ['@angular', 'ky', 'react', 'react-dom', 'svelte', 'vue']) await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name), 'junction')
await writeFile(join(project, 'package.json'), '{ "type": "module" }')
const files: string[] = []
for (const [, code = ''] of page.matchAll(/^```jsx?\n([^]*?)^```$/gm)) {
  const file = /^\/\/ (\S+)$/m.exec(code)![1]!
  files.push(file)
  const { code: plain } = await transform(code.replaceAll('https://api.example.com', ORIGIN), { loader: 'jsx', jsx: 'automatic' })
  await writeFile(join(project, file.replace('.jsx', '.js')), plain)
}

async function load (file: string): Promise<any> {
  return await import(pathToFileURL(join(project, file)).href)
}

/** Replaces the global `fetch` with that of the browser. */
async function enter (t: any, options = {}): Promise<Browser> {
  const { fetch } = globalThis
  const browser = await createBrowser(t, options)
  globalThis.fetch = browser.fetch
  t.teardown(() => { globalThis.fetch = fetch })
  return browser
}

/** Advances only the server's clock, so that each call gets a 401. */
function outdate (browser: Browser): void {
  const now = Date.now()
  browser.clock.now += 16 * MINUTE
  Date.now = () => now
}

t.test('every block is run', async (t) => {
  t.strictSame(files, ['auth.js', 'api.js', 'ky.js', 'app.jsx', 'use-auth.js', 'session.js', 'session.service.js', 'native.js', 'socket.js', 'timer.js', 'interceptor.js'])
})

t.test('fetch, axios, ky, React and a socket', async (t) => {
  const browser = await enter(t)
  const { auth, logIn, loadProfile } = await load('auth.js')
  browser.intercept = ({ url }) => url.endsWith('/login') && browser.count('POST /login') === 1 ? new Response(null, { status: 401 }) : undefined
  await t.rejects(logIn('anna@example.com', 'wrong'), { message: 'Wrong e-mail or password' })
  await logIn('anna@example.com', 'open sesame')
  const refreshes = (): number => browser.count('POST /auth/refresh')
  outdate(browser)
  t.match(await loadProfile(), { sub: 'user-1' })
  t.equal(refreshes(), 1)

  const withAxios = await load('api.js')
  withAxios.api.defaults.adapter = async (config: InternalAxiosRequestConfig) => {
    const response = await browser.fetch(axios.getUri(config), { headers: config.headers.toJSON() as Record<string, string> })
    const answer = { status: response.status, statusText: '', headers: {}, data: await response.text(), config }
    if (response.ok) return answer
    throw new axios.AxiosError('refused', undefined, config, null, answer)
  }
  outdate(browser)
  t.match(await withAxios.loadProfile(), { sub: 'user-1' })
  t.equal(refreshes(), 2)
  browser.intercept = ({ url, headers }) => url.endsWith('/news') ? Response.json(headers.get('authorization')) : undefined
  t.equal(await withAxios.loadNews(), null)

  outdate(browser)
  t.match(await (await load('ky.js')).loadProfile(), { sub: 'user-1' })
  t.equal(refreshes(), 3)

  t.strictSame(await (await load('socket.js')).connectionParams(), { token: await auth.getToken() })

  const { App } = await load('app.js')
  t.equal(renderToString(createElement(App)), '<p>Loading…</p>', 'on the server side')
})

t.test('Vue, Svelte and Angular show who is signed in', async (t) => {
  await enter(t)
  const { auth, logIn } = await load('auth.js')
  await logIn('anna@example.com', 'open sesame')

  const vue = effectScope()
  const shown = vue.run((await load('use-auth.js')).useAuth) as { value: AuthSnapshot }
  const { session } = await load('session.js')
  const stores: string[] = []
  const unsubscribe = session.subscribe(({ status }: AuthSnapshot) => stores.push(status))
  const angular = (await load('session.service.js')).createSession() as () => AuthSnapshot
  const statuses = (): string[] => [shown.value.status, stores.at(-1) ?? '', angular().status]

  t.strictSame(statuses(), ['signed-in', 'signed-in', 'signed-in'])
  await auth.logout()
  t.strictSame(statuses(), ['signed-out', 'signed-out', 'signed-out'])
  vue.stop()
  unsubscribe()
  await logIn('anna@example.com', 'open sesame')
  t.strictSame(statuses(), ['signed-out', 'signed-out', 'signed-in'], 'what is unmounted does not listen')
  await auth.logout()
})

t.test('the interceptor', async (t) => {
  t.type((await load('interceptor.js')).api.get, 'function', 'what it does with parallel requests is in test/docs/axios.test.ts')
})

t.test('an app without a cookie jar', async (t) => {
  const browser = await enter(t, { refreshToken: { transport: 'body' } })
  await writeFile(join(project, 'keychain.js'), 'const kept = new Map(); export const keychain = { get: (name) => kept.get(name), set: (name, value) => kept.set(name, value), remove: (name) => kept.delete(name) }')
  const { auth } = await load('native.js')
  const { keychain } = await load('keychain.js')
  await auth.logIn({ sub: 'user-1' })
  t.ok(keychain.get('refreshToken'))
  outdate(browser)
  t.equal((await auth.fetch(`${ORIGIN}/me`)).status, 200)
  await auth.logout()
  t.equal(keychain.get('refreshToken'), undefined)
})

t.test('the timer', async (t) => {
  const browser = await enter(t)
  await browser.login()
  const inPage: Record<string, unknown> = {
    document: { baseURI: `${ORIGIN}/`, visibilityState: 'hidden' },
    addEventListener: () => {},
    removeEventListener: () => {},
    ...(!('navigator' in globalThis) && { navigator: {} })
  }
  Object.assign(globalThis, inPage)
  t.teardown(() => { for (const name of Object.keys(inPage)) delete (globalThis as any)[name] })
  const { auth, started } = await load('timer.js')
  t.teardown(() => auth.dispose())
  t.match(await started, { status: 'signed-in' })
  browser.clock.now += 13 * MINUTE + 30_000
  await new Promise<void>((resolve) => auth.subscribe(resolve))
  t.equal(browser.count('POST /auth/refresh'), 2)
})

t.test('the sizes in the table are measured', async (t) => {
  const { build } = await import('esbuild')
  const { gzipSync } = await import('node:zlib')
  let core = 0
  for (const [entry, row] of [['index', /jwt-refresh\/client\*\* \| \| (\d+)/], ['axios', /with `\/axios` \| \| \+ (\d+)/], ['react', /with `\/react` \| \| \+ (\d+)/], ['native', /`\/native` instead \| \| \+ (\d+)/]] as const) {
    const { outputFiles } = await build({ entryPoints: [join(root, `lib/client/${entry}.ts`)], bundle: true, minify: true, format: 'esm', target: 'es2022', external: ['react'], write: false })
    const size = gzipSync(outputFiles[0]!.contents, { level: 9 }).length
    // `native` bundles the whole client; the table lists only its size in addition to the core.
    const written = Number(row.exec(page)![1]) + (entry === 'native' ? core : 0)
    if (entry === 'index') core = size
    t.ok(Math.abs(written - size) <= 5, `${entry}: ${written} and ${size}`) // other versions of zlib may differ by a few bytes
  }
})
