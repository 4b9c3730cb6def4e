// An app of yours: import { createAuthClient } from 'fastify-jwt-refresh/client'
import { createAuthClient } from './client.js'
import { clockTime, dateTime, deviceName, mask } from './format.js'

const REFRESH_EARLY = 5 // seconds before the access token's end
const LOG_LENGTH = 100

const element = (id) => document.getElementById(id)
let auth = connect(true)
let session = null

/* Logged in or not */

function connect (autoRefresh) {
  const client = createAuthClient({ leeway: REFRESH_EARLY, autoRefresh, fetch: loggedFetch })
  client.subscribe(show)
  return client
}

function show () {
  const { status, claims, expiresAt, error } = auth.getSnapshot()
  if (error !== null) return
  const isSomeoneElse = claims?.sub !== session?.claims.sub
  session = status === 'signed-in' ? { claims, expiresAt } : null
  element('account').hidden = element('signed-in').hidden = session === null
  element('signed-out').hidden = session !== null
  if (session === null) return showLogin()

  const { name, role, sid, iat, exp } = claims
  element('name').textContent = element('hello').textContent = name
  element('avatar').textContent = name[0]
  element('role').textContent = role
  auth.getToken().then((token) => { element('token').textContent = mask(token) }, () => {})
  element('issued').textContent = clockTime(iat * 1000)
  element('ends').textContent = clockTime(exp * 1000)
  element('session').textContent = mask(sid)
  showCountdown()
  if (isSomeoneElse) welcome()
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

/** Runs what a click started, and says what went wrong. */
async function attempt (action) {
  notify('')
  const wasSignedIn = session !== null
  try {
    await action()
    if (action === logOut || action === logOutEverywhere) return
  } catch (error) {
    notify(`${error.name === 'AuthUnavailableError' ? 'The server is unavailable, you stay logged in' : error.message}.`)
  }
  if (wasSignedIn && session === null) notify('Your session has ended. Please log in again.')
}

function notify (message) {
  element('notice').textContent = message
  element('notice').hidden = message === ''
}

/* The access token's life */

function showCountdown () {
  if (session === null) return
  const { claims: { iat, exp }, expiresAt } = session
  const left = Math.max(0, expiresAt - Date.now())
  const state = left === 0 ? 'expired' : left <= REFRESH_EARLY * 1000 ? 'ending' : 'fresh'
  element('seconds').textContent = left === 0 ? 'expired' : Math.ceil(left / 1000)
  element('seconds-unit').textContent = left === 0 ? '' : 'seconds'
  element('ring-rest').setAttribute('stroke-dashoffset', 100 - left / 10 / (exp - iat))
  if (state === 'expired' && element('ring').dataset.state !== state) say('The access token has expired')
  element('ring').dataset.state = state
}

/** Another client, since whether it refreshes in the background is set when it is made. It gets the token of the one before. */
async function switchAutoRefresh () {
  explainSwitch()
  const { expiresAt } = auth.getSnapshot()
  const accessToken = expiresAt !== null && await auth.getToken()
  auth.dispose()
  auth = connect(element('auto').checked)
  if (accessToken) auth.setSession({ accessToken, expiresIn: (expiresAt - Date.now()) / 1000 })
}

function explainSwitch () {
  element('auto-hint').textContent = element('auto').checked
    ? `On: a new token is fetched about ${REFRESH_EARLY} seconds before the end.`
    : 'Off: let it expire, then call the API and watch it fetch a new one first.'
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
  // 404: it was gone already.
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

/* The log */

async function loggedFetch (url, init) {
  const request = `${init?.method ?? 'GET'} ${new URL(url, document.baseURI).pathname}`
  try {
    const response = await fetch(url, init)
    await logAnswer(request, response)
    return response
  } catch (error) {
    addToLog('refused', [['status', 'none'], ['request', request], ['note', 'no answer from the server']])
    throw new Error('The server did not answer', { cause: error })
  }
}

async function logAnswer (request, response) {
  const { status, ok } = response
  const { code, expiresIn } = await response.clone().json().catch(() => ({}))
  const note = expiresIn === undefined ? code : `a new access token for ${expiresIn} seconds`
  addToLog(ok ? 'fine' : 'refused', [['status', status], ['request', request], ['note', note ?? '']])
}

function say (text) {
  addToLog('', [['said', text]])
}

function addToLog (className, parts) {
  const list = element('log')
  const time = create('time', { textContent: clockTime(Date.now()) })
  const spans = parts.flatMap(([className, textContent]) => [' ', create('span', { className, textContent })])
  list.append(create('li', { className }, [time, ...spans]))
  if (list.children.length > LOG_LENGTH) list.firstChild.remove()
  list.scrollTop = list.scrollHeight
}

function create (tag, properties = {}, children = []) {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}

/* What a person can do */

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

const logOut = () => auth.logout()
const logOutEverywhere = () => auth.logout({ everywhere: true })

const clicks = {
  refresh: () => auth.refresh(),
  profile: () => callApi('/api/profile'),
  transfer: () => callApi('/api/transfer', postJson({ amount: 100 })),
  'reload-devices': loadDevices,
  'clear-log': () => element('log').replaceChildren(),
  logout: logOut,
  'logout-everywhere': logOutEverywhere
}
for (const [id, action] of Object.entries(clicks)) element(id).addEventListener('click', () => attempt(action))

element('auto').addEventListener('change', () => attempt(switchAutoRefresh))

explainSwitch()
setInterval(showCountdown, 250)
await attempt(() => auth.ready())
if (session === null) show()
