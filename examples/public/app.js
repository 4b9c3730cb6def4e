// In your app: import { createAuthClient } from 'fastify-jwt-refresh/client'
import { createAuthClient } from './client.js'
import { create, element } from './dom.js'
import { clockTime, dateTime, deviceName, mask } from './format.js'
import { createLog } from './log.js'
import { createOutage } from './outage.js'

const REFRESH_EARLY = 5 // seconds before the access token expires
const DECIDING = ['/login', '/auth/refresh', '/auth/logout']
const UNAVAILABLE = 'The server is unavailable, you stay logged in.'

const log = createLog(element('log'))
const outage = createOutage(() => auth.refresh(), () => {
  notify('')
  element('login-error').textContent = ''
  log.say('The server answers again')
})
let session = null
/** The request of this tab that has just logged the user in or out, or null if another tab did. */
let decidedBy = null
let auth = connect(true)

/* Logged in or not */

function connect (autoRefresh) {
  const client = createAuthClient({ leeway: REFRESH_EARLY, autoRefresh, fetch: loggedFetch })
  client.subscribe(show)
  return client
}

function show () {
  const { status, claims, expiresAt, error } = auth.getSnapshot()
  if (error !== null) return notify(UNAVAILABLE)
  const before = session?.claims
  session = status === 'signed-in' ? { claims, expiresAt } : null
  element('account').hidden = element('signed-in').hidden = session === null
  element('signed-out').hidden = session !== null
  if (session === null) showLogin()
  else showSession(claims)
  if (before?.sub !== claims?.sub) explainChange(before, claims)
  decidedBy = null
}

function showSession ({ name, role, sid, iat, exp }) {
  element('name').textContent = element('hello').textContent = name
  element('avatar').textContent = name[0]
  element('role').textContent = role
  auth.getToken().then((token) => { element('token').textContent = mask(token) }, () => {})
  element('issued').textContent = clockTime(iat * 1000)
  element('ends').textContent = clockTime(exp * 1000)
  element('session').textContent = mask(sid)
  showCountdown()
}

/** Explains a login or logout, which may have happened in another tab. */
function explainChange (before, after) {
  if (after) welcome()
  if (after && before) notify(`Another tab has logged in as ${after.name}.`)
  if (after) return
  if (decidedBy === null) notify('You were logged out in another tab.')
  if (decidedBy === '/auth/refresh') notify('Your session has ended. Please log in again.')
}

function welcome () {
  showResult('', '')
  element('devices').replaceChildren()
  attempt(loadDevices)
}

function showLogin () {
  element('password').value = ''
  element('email').focus()
}

/** Runs the action of a click, and displays errors. */
async function attempt (action) {
  notify('')
  const wasSignedIn = session !== null
  try {
    await action()
  } catch (error) {
    if (wasSignedIn && session === null) return // already explained
    notify(error.name === 'AuthUnavailableError' ? UNAVAILABLE : `${error.message}.`)
  }
}

function notify (message) {
  element('notice').textContent = message
  element('notice').hidden = message === ''
}

/* The lifetime of the access token */

function showCountdown () {
  if (session === null) return
  const { claims: { iat, exp }, expiresAt } = session
  const left = Math.max(0, expiresAt - Date.now())
  const state = left === 0 ? 'expired' : left <= REFRESH_EARLY * 1000 ? 'ending' : 'fresh'
  element('seconds').textContent = left === 0 ? 'expired' : Math.ceil(left / 1000)
  element('seconds-unit').textContent = left === 0 ? '' : 'seconds'
  element('ring-rest').setAttribute('stroke-dashoffset', 100 - left / 10 / (exp - iat))
  const hasChanged = element('ring').dataset.state !== state
  element('ring').dataset.state = state
  if (!hasChanged) return
  if (state === 'expired') log.say('The access token has expired')
  explainSwitch()
}

/** `autoRefresh` can only be set when a client is created, so this creates a new client with the current token. */
async function switchAutoRefresh () {
  explainSwitch()
  const { expiresAt } = auth.getSnapshot()
  const accessToken = expiresAt !== null && await auth.getToken()
  auth.dispose()
  auth = connect(element('auto').checked)
  if (accessToken) auth.setSession({ accessToken, expiresIn: (expiresAt - Date.now()) / 1000 })
}

function explainSwitch () {
  const isOn = element('auto').checked
  const hint = isOn ? `On: a new token is fetched about ${REFRESH_EARLY} seconds before the end.` : 'Off: let it expire, then call the API and watch it fetch a new one first.'
  const isExpired = !isOn && element('ring').dataset.state === 'expired'
  element('auto-hint').textContent = isExpired ? 'The access token has expired, but the session has not: the next call fetches a new token first.' : hint
}

/* The API */

async function callApi (url, init) {
  showResult('', '')
  const response = await auth.fetch(url, init)
  if (!response.ok) throw await errorOf(response)
  showResult(`${init?.method ?? 'GET'} ${url} answered ${response.status}`, JSON.stringify(await response.json(), null, 2))
}

function showResult (status, text) {
  element('result-status').textContent = status
  element('result').textContent = text
}

/* The devices */

async function loadDevices () {
  const response = await auth.fetch('/auth/sessions')
  if (!response.ok) throw await errorOf(response)
  const sessions = await response.json()
  element('devices').replaceChildren(...sessions.map(deviceItem))
}

function deviceItem ({ id, metadata, createdAt, lastUsedAt, current }) {
  const name = deviceName(metadata.userAgent)
  const end = create('button', { type: 'button', textContent: 'End', ariaLabel: `End ${name}, logged in ${dateTime(createdAt)}` })
  end.addEventListener('click', () => attempt(() => endDevice(id, current)))
  return create('li', {}, [
    create('div', {}, [
      create('strong', { textContent: name, title: metadata.userAgent ?? '' }),
      ' ',
      ...(current ? [create('span', { className: 'badge', textContent: 'this device' })] : []),
      create('br'),
      create('span', { className: 'muted', textContent: `Logged in ${dateTime(createdAt)}, last used ${dateTime(lastUsedAt)}` })
    ]),
    end
  ])
}

async function endDevice (id, isCurrent) {
  const response = await auth.fetch(`/auth/sessions/${id}`, { method: 'DELETE' })
  // 404: the session had already ended.
  if (!response.ok && response.status !== 404) throw await errorOf(response)
  if (isCurrent) await auth.logout()
  else await loadDevices()
}

function postJson (body) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

async function errorOf (response) {
  const { message, code } = await response.json().catch(() => ({}))
  return Object.assign(new Error(message ?? `The server answered ${response.status}`), { code, status: response.status })
}

/* Requests of the page */

async function loggedFetch (url, init) {
  const { pathname } = new URL(url, document.baseURI)
  const request = `${init?.method ?? 'GET'} ${pathname}`
  let response
  try {
    response = await fetch(url, init)
  } catch (error) {
    if (!outage.isOn()) log.noAnswer(request)
    outage.begin()
    throw new Error('The server did not answer', { cause: error })
  }
  const { ok, status } = response
  if (DECIDING.includes(pathname) && (ok || status === 403)) decidedBy = pathname
  if (status < 500) outage.end()
  await log.answer(request, response)
  if (status >= 500) outage.begin()
  return response
}

/* Actions of the user */

element('login').addEventListener('submit', async (event) => {
  event.preventDefault()
  notify('')
  element('login-error').textContent = ''
  try {
    const response = await auth.fetch('/login', postJson({ email: element('email').value, password: element('password').value }))
    if (!response.ok) throw await errorOf(response)
    auth.setSession(await response.json())
    element('profile').focus()
  } catch (error) {
    element('login-error').textContent = `${error.message}.`
    element('password').select()
  }
})

for (const button of document.querySelectorAll('[data-email]')) {
  button.addEventListener('click', () => {
    element('email').value = button.dataset.email
    element('password').value = button.dataset.password
    element('submit').focus()
  })
}

const clicks = {
  refresh: () => auth.refresh(),
  profile: () => callApi('/api/profile'),
  transfer: () => callApi('/api/transfer', postJson({ amount: 100 })),
  'reload-devices': loadDevices,
  'clear-log': log.clear,
  logout: () => auth.logout(),
  'end-all': () => auth.logout({ everywhere: true })
}
for (const [id, action] of Object.entries(clicks)) element(id).addEventListener('click', () => attempt(action))

// When the dialog closes, the focus returns to the button that opened it.
element('logout-everywhere').addEventListener('click', () => element('everywhere').showModal())
for (const id of ['end-all', 'stay']) element(id).addEventListener('click', () => element('everywhere').close())

element('auto').addEventListener('change', () => attempt(switchAutoRefresh))

explainSwitch()
setInterval(showCountdown, 250)
await attempt(() => auth.ready())
if (session === null) show()
