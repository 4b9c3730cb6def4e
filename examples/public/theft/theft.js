import { create, element } from '../dom.js'
import { createOutage } from '../outage.js'
import { createDemo } from './demo.js'
import { readFamily } from './family.js'
import { countRefreshes, judge, nextMove } from './guide.js'
import { lastAnswer, tellStory } from './story.js'
import { drawTree } from './tree.js'

const MOVES = ['login', 'victim', 'wait', 'copy', 'thief', 'lose']
const PLAYED_REFRESHES = 4
const PAUSE = 900 // ms between two automatic moves
const REGISTRATION = 3000 // ms for the browser to register a key

const outage = createOutage(show, () => notify(''))

let setting = 'rotation'
let demo = createDemo(setting)
let view
let running = null
let isPlaying = false

/* Display */

async function show () {
  view = await demo.view()
  outage.end()
  render()
}

function render () {
  const rows = readFamily(view, setting)
  const holders = { victim: rows.find(({ id }) => id === view.holds), thief: demo.hasCopy() ? rows.findLast(({ holders }) => holders.includes('thief')) : undefined }
  for (const player of ['victim', 'thief']) {
    element(`${player}-token`).textContent = holders[player]?.name ?? '–'
    element(`${player}-saw`).replaceChildren(holders[player] ? `Has token ${holders[player].name}.` : 'Has no token.', create('br'), lastAnswer(view, rows, player))
  }
  element('minutes').textContent = clockOf(view)
  element('route').textContent = setting
  element('victim').disabled = element('copy').disabled = view.family === null
  element('thief').disabled = !demo.hasCopy()
  // Not `disabled`, because the button would lose the focus when it is pressed.
  element('lose').ariaDisabled = String(!canLose(view))
  element('no-family').hidden = element('no-story').hidden = view.family !== null
  const next = isPlaying ? null : nextMove(view, demo.hasCopy())
  for (const id of MOVES) element(id).classList.toggle('primary', id === next)
  showVerdict(judge(view, rows, setting, demo.hasCopy()))
  element('unbound').hidden = setting !== 'bound' || view.family === null || rows.some(({ hasKey }) => hasKey)
  drawTree(element('tree'), rows)
  tellStory(element('story'), view, rows)
  // For tests: the state that is displayed.
  Object.assign(element('story').dataset, { setting, steps: view.family?.steps.length ?? 0 })
}

function showVerdict ({ tone, title, text }) {
  const verdict = element('verdict')
  if (verdict.textContent === `${title} ${text}`) return // a screen reader would read it again
  verdict.dataset.tone = tone
  verdict.replaceChildren(create('strong', { textContent: title }), ` ${text}`)
}

/** Whether there is a write to lose and none has been lost yet: one lost write is enough for the demo. */
function canLose ({ family, session }) {
  return session !== null && session.generation > 0 && !family.steps.some(({ action }) => action === 'lose')
}

/** The time since the login, by the demo's clock. */
function clockOf ({ now, family }) {
  if (family === null) return '0:00'
  const seconds = Math.max(0, Math.floor((now - family.steps[0].at) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/* Moves */

async function make (move) {
  await demo[move]()
  if (move === 'login' && setting === 'bound') await waitForKey()
  await show()
}

/** A browser that supports it registers a key by itself after the login. */
async function waitForKey () {
  for (let waited = 0; waited < REGISTRATION && document.location.protocol === 'https:'; waited += 250) {
    const { family } = await demo.view()
    if (family.steps.some(({ action }) => action === 'register')) return
    await pause(250)
  }
}

/** Runs one action at a time. Clicks during an action are ignored. */
async function attempt (action) {
  if (running !== null) return
  running = action()
  try {
    await running
  } catch {
    outage.begin()
    notify('The server does not answer. Is it still running?')
  } finally {
    running = null
  }
}

function notify (message) {
  element('notice').textContent = message
  element('notice').hidden = message === ''
}

async function play () {
  isPlaying = true
  element('play').textContent = 'Stop'
  try {
    await make('login')
    while (view.session !== null && countRefreshes(view) < PLAYED_REFRESHES) {
      await pause(PAUSE)
      if (!isPlaying) return
      await make(nextMove(view, demo.hasCopy()))
    }
  } finally {
    isPlaying = false
    element('play').textContent = 'Play the theft'
    if (view) render()
  }
}

function pause (milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

for (const id of MOVES) {
  element(id).addEventListener('click', ({ currentTarget }) => {
    if (currentTarget.ariaDisabled !== 'true') attempt(() => make(id))
  })
}
element('play').addEventListener('click', () => {
  if (isPlaying) isPlaying = false
  else attempt(play)
})
for (const radio of document.querySelectorAll('[name=setting]')) {
  radio.addEventListener('change', async () => {
    isPlaying = false
    await Promise.allSettled([running])
    setting = radio.value
    demo = createDemo(setting)
    attempt(show)
  })
}
window.addEventListener('resize', () => view && render())

attempt(show)
