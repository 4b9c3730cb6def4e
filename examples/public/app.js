import { createAuth, errorOf, LoginNeededError, postJson } from './auth.js'
import { clockTime, dateTime, deviceName, mask } from './format.js'

const REFRESH_EARLY = 5000 // milliseconds before the access token's end
const LOG_LENGTH = 100

const element = (id) => document.getElementById(id)
const auth = createAuth({ onChange: show, fetch: loggedFetch })
let token = null
let timer

/* Logged in or not */

function show (next) {
  const isSomeoneElse = next?.claims.sub !== token?.claims.sub
  token = next
  scheduleRefresh()
  element('account').hidden = element('signed-in').hidden = token === null
  element('signed-out').hidden = token !== null
  if (token === null) return showLogin()

  const { name, role, sid, iat, exp } = token.claims
  element('name').textContent = element('hello').textContent = name
  element('avatar').textContent = name[0]
  element('role').textContent = role
  element('token').textContent = mask(token.value)
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

/** Runs what a click or a timer started, and says what went wrong. */
async function attempt (action) {
  notify('')
  try {
    await action()
  } catch (error) {
    notify(error instanceof LoginNeededError ? `${error.message}. Please log in again.` : `${error.message}.`)
  }
}

function notify (message) {
  element('notice').textContent = message
  element('notice').hidden = message === ''
}

/* The access token's life */

function scheduleRefresh () {
  clearTimeout(timer)
  if (token === null || !element('auto').checked) return
  timer = setTimeout(() => {
    say('It ends soon: a refresh in the background')
    attempt(auth.refresh)
  }, token.expiresAt - Date.now() - REFRESH_EARLY)
}

function showCountdown () {
  if (token === null) return
  const left = Math.max(0, token.expiresAt - Date.now())
  const state = left === 0 ? 'expired' : left <= REFRESH_EARLY ? 'ending' : 'fresh'
  element('seconds').textContent = left === 0 ? 'expired' : Math.ceil(left / 1000)
  element('seconds-unit').textContent = left === 0 ? '' : 'seconds'
  element('ring-rest').setAttribute('stroke-dashoffset', 100 - 100 * left / token.lifetime)
  if (state === 'expired' && element('ring').dataset.state !== state) say('The access token has expired')
  element('ring').dataset.state = state
}

function explainSwitch () {
  element('auto-hint').textContent = element('auto').checked
    ? `On: a new token is fetched ${REFRESH_EARLY / 1000} seconds before the end.`
    : 'Off: let it expire, then call the API and watch a 401 heal itself.'
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
  if (isCurrent) auth.forget()
  else await loadDevices()
}

/* The log */

async function loggedFetch (url, init) {
  const request = `${init?.method ?? 'GET'} ${url}`
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
    await auth.login(element('email').value, element('password').value)
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
  'clear-log': () => element('log').replaceChildren(),
  logout: () => auth.logout(),
  'logout-everywhere': () => auth.logout({ everywhere: true })
}
for (const [id, action] of Object.entries(clicks)) element(id).addEventListener('click', () => attempt(action))

element('auto').addEventListener('change', () => {
  explainSwitch()
  scheduleRefresh()
})

explainSwitch()
setInterval(showCountdown, 250)
await attempt(auth.restore)
if (token === null) show(null)
