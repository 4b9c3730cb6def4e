const OVERLAP = 45_000 // ms; the plugin's default. With rotation: 'strict', it is 0.

/**
 * The tokens of a family by generation, each with its letter, its position in the tree and its state.
 *
 * @param {object} view the response of /family
 */
export function readFamily ({ now, family, session }, setting) {
  if (family === null) return []
  const { tokens, steps } = family
  const rows = tokens
    .map((token, index) => ({ ...token, name: nameOf(index), uses: steps.filter((step) => step.action !== 'copy' && step.token === token.id) }))
    .sort((one, other) => one.generation - other.generation)

  const overlap = setting === 'strict' ? 0 : OVERLAP
  let lanes = 0
  for (const row of rows) {
    row.parentRow = rows.find(({ id }) => id === row.parent)
    row.siblings = rows.filter((other) => other !== row && other.parent === row.parent)
    // The first child continues its parent's lane. Every other child starts a new lane.
    const isFirst = rows.find(({ parent }) => parent === row.parent) === row
    row.lane = isFirst && row.parentRow ? row.parentRow.lane : lanes++
    row.isConfirmed = row.uses.some(({ rule }) => rule === 'confirm' || rule === 'ahead' || rule === 'static')
    row.state = stateOf(row, session, now - row.issuedAt < overlap)
  }
  return rows
}

export function nameOf (index) {
  return String.fromCharCode(65 + index % 26) + (index < 26 ? '' : Math.floor(index / 26))
}

/** How lib/sessions/rotation.ts would treat a use of the token, given the session's record. */
function stateOf ({ id, generation, uses, isConfirmed }, session, isNew) {
  if (uses.some(({ rule }) => rule === 'reuse')) return 'reuse'
  if (session === null) return isConfirmed ? 'past' : 'void'
  if (uses.some(({ rule }) => rule === 'static')) return 'static'
  if (id === session.current) return 'current'
  if (generation <= session.generation) return isConfirmed ? 'past' : 'sibling'
  if (generation > 1 && isNew) return 'young'
  if (isConfirmed) return 'forgotten'
  return generation > session.generation + 1 ? 'ahead' : 'unused'
}
