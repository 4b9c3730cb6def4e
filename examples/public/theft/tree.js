import { create } from '../dom.js'

const SVG = 'http://www.w3.org/2000/svg'
const RADIUS = 14
const LANE = 36
const WIDEST = 4 * LANE // the maximum width: with more lanes, the distance between them shrinks

const CHIPS = { reuse: 'reuse', past: 'confirmed', void: 'void', static: 'the only token', current: 'current', young: 'young', unused: 'not used yet', ahead: 'ahead', forgotten: 'forgotten', sibling: 'sibling' }
const NAMES = { victim: 'Alice', thief: 'the thief' }

/** Draws the family next to a list with the same information as text. */
export function drawTree (container, rows) {
  if (rows.length === 0) return container.replaceChildren()
  const list = create('ol', { className: 'tokens' }, rows.map(tokenItem))
  container.replaceChildren(list)
  const lanes = Math.max(...rows.map(({ lane }) => lane)) + 1
  const step = Math.min(LANE, WIDEST / lanes)
  const width = (lanes - 1) * step + 2 * RADIUS + 6
  list.style.paddingLeft = `${width + 10}px`
  const places = rows.map(({ lane }, index) => ({ x: RADIUS + 3 + lane * step, y: list.children[index].offsetTop + RADIUS + 6 }))
  const placeOf = (row) => places[rows.indexOf(row)]

  const graph = createSvg('svg', { width, height: list.offsetHeight, 'aria-hidden': 'true' })
  for (const row of rows) if (row.parentRow) graph.append(edge(placeOf(row.parentRow), placeOf(row), row))
  for (const row of rows) graph.append(node(placeOf(row), row))
  container.append(graph)
}

function tokenItem (row) {
  const { name, generation, state, holders, hasKey, uses } = row
  const title = create('p', { className: 'token-title' }, [
    create('strong', { textContent: `Token ${name}` }),
    ` generation ${generation} `,
    create('span', { className: `chip ${state}`, textContent: CHIPS[state] })
  ])
  const facts = [`${holders.map((holder) => NAMES[holder]).join(' and ')} ${holders.length > 1 ? 'have' : 'has'} it`, hasKey ? 'it carries the browser’s key' : '', remarkOf(row)]
  const about = create('p', { className: 'muted', textContent: sentences(facts) })
  const used = create('ul', { className: 'uses', ariaLabel: `Uses of token ${name}` }, uses.map(({ player, action, rule }) =>
    create('li', { className: player, textContent: `${player === 'thief' ? 'Thief' : 'Alice'}: ${action === 'register' ? 'key registered' : wordOf(rule)}` })))
  return create('li', {}, uses.length === 0 ? [title, about] : [title, about, used])
}

function wordOf (rule) {
  if (rule === 'revoked') return 'refused, session over'
  return rule === 'proof' ? 'refused, no key' : rule
}

function remarkOf ({ state, siblings }) {
  const others = siblings.map(({ name }) => name).join(' and ')
  if (state === 'reuse') return 'this use ended the session'
  if (state === 'past') return ''
  if (state === 'void') return 'the session is over'
  if (state === 'static') return 'it stays good until the session ends'
  if (state === 'sibling') return `sibling of ${others}, which was used first: using this one ends the session`
  if (state === 'young') return 'used within 45 seconds, it yields an access token only'
  if (state === 'ahead') return 'the store has lost a write: using this one heals the session'
  if (state === 'forgotten') return 'it was confirmed, but the store has lost that write'
  if (others !== '') return `sibling of ${others}: whichever is used second ends the session`
  return ''
}

function sentences (facts) {
  return facts.filter((fact) => fact !== '').map((fact) => `${fact[0].toUpperCase()}${fact.slice(1)}.`).join(' ')
}

function edge (from, to, { holders, state }) {
  const bend = Math.min(40, to.y - from.y)
  const d = from.x === to.x
    ? `M${from.x} ${from.y}V${to.y}`
    : `M${from.x} ${from.y}C${from.x} ${from.y + bend} ${to.x} ${from.y} ${to.x} ${from.y + bend}V${to.y}`
  return createSvg('path', { d, class: `edge ${holders[0]} ${state}` })
}

/** A circle whose halves show who holds the token. */
function node ({ x, y }, { name, holders, isConfirmed, state }) {
  const half = (sweep, holder) => createSvg('path', { d: `M0 ${-RADIUS}A${RADIUS} ${RADIUS} 0 0 ${sweep} 0 ${RADIUS}`, class: holder })
  const letter = createSvg('text', { 'text-anchor': 'middle', dy: '0.35em' })
  letter.textContent = name
  const group = createSvg('g', { transform: `translate(${x} ${y})`, class: `node ${state}${isConfirmed ? ' filled' : ''}` })
  group.append(createSvg('circle', { r: RADIUS + 3, class: 'halo' }), half(0, holders[0]), half(1, holders[1] ?? holders[0]), letter)
  if (state === 'reuse') group.append(createCross())
  return group
}

/** The mark at the upper right of a token whose use ended the session. */
function createCross () {
  const group = createSvg('g', { transform: `translate(${RADIUS * 0.8} ${-RADIUS * 0.8})`, class: 'cross' })
  group.append(createSvg('circle', { r: 8 }), createSvg('path', { d: 'M-3 -3L3 3M-3 3L3 -3' }))
  return group
}

function createSvg (tag, attributes) {
  const node = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  return node
}
