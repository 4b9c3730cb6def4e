import { create } from '../dom.js'

const WHO = { victim: 'Alice', thief: 'The thief' }

const REASONS = {
  confirm: ({ token }) => `confirm: the first use of ${token}`,
  young: ({ token, generation }) => generation === 1
    ? 'young: the login’s token waits ten seconds for the browser to register a key'
    : `young: ${token} is less than 45 seconds old`,
  retry: ({ token, issued }) => issued === undefined
    ? `retry: ${token} was confirmed less than 45 seconds ago`
    : `retry: ${token} again, while no child of it has been used. The answer may have been lost`,
  ahead: ({ token }) => `ahead: the store has lost writes, and ${token} heals the session`,
  static: () => 'static: one token for the whole session',
  reuse: ({ token }) => `reuse of ${token}: the session ends, for both`,
  revoked: () => 'the session is over',
  expired: () => 'the session has expired',
  proof: () => 'no proof of the browser’s key: nothing is exchanged, and nothing ends'
}

/** Lists the steps, with the victim on the left and the thief on the right. */
export function tellStory (list, { family }, rows) {
  const steps = family?.steps ?? []
  list.replaceChildren(...steps.map((step) => step.player === null ? pauseItem(step) : stepItem(step, rows)))
}

function pauseItem ({ action }) {
  return create('li', { className: 'pause', textContent: action === 'wait' ? 'a minute passes' : 'the store loses its last write' })
}

function stepItem (step, rows) {
  const { player, status, action, rule } = step
  const reason = action === 'refresh' ? REASONS[rule]?.(facts(step, rows)) : undefined
  return create('li', { className: `${player} ${rule === 'reuse' ? 'reuse' : ''}` }, [
    create('p', {}, [create('strong', { textContent: WHO[player] }), deedOf(step, rows)]),
    create('p', { className: status >= 400 ? 'answer refused' : 'answer fine', textContent: answerOf(step, rows) }),
    ...(reason === undefined ? [] : [create('p', { className: 'muted', textContent: reason })])
  ])
}

/** A summary for the panel of a player. */
export function lastAnswer ({ family }, rows, player) {
  const step = family?.steps.findLast((step) => step.player === player && step.action !== 'copy')
  return step === undefined ? '' : `Last answer: ${answerOf(step, rows)}`
}

function deedOf (step, rows) {
  const { token } = facts(step, rows)
  if (step.action === 'login') return ' logs in'
  if (step.action === 'copy') return ' copies the cookie'
  return step.action === 'register' ? '’s browser registers a key' : ` refreshes with ${token}`
}

function answerOf (step, rows) {
  const { token, issued } = facts(step, rows)
  if (step.action === 'copy') return `has token ${token}, too`
  if (step.status >= 400) return `${step.status} ${step.code}`
  return `${step.status}, ${issued === undefined ? 'access token only' : `new token ${issued}`}`
}

/** The letters of a step's tokens. */
function facts ({ token, issued }, rows) {
  const find = (wanted) => rows.find(({ id }) => id === wanted)
  return { token: find(token)?.name, generation: find(token)?.generation, issued: find(issued)?.name }
}
