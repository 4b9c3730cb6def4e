/** The id of the button that the visitor may want to click next. */
export function nextMove ({ family, session }, hasCopy) {
  if (session === null) return 'login'
  if (!hasCopy) return 'copy'
  const { steps } = family
  if (steps.at(-1).action !== 'wait') return 'wait'
  return lastRefresher(steps) === 'thief' ? 'victim' : 'thief'
}

function lastRefresher (steps) {
  return sinceCopy(steps).findLast(({ action }) => action === 'refresh')?.player
}

/** The number of refreshes by both players since the theft. */
export function countRefreshes ({ family }) {
  return sinceCopy(family?.steps ?? []).filter(({ action }) => action === 'refresh').length
}

function sinceCopy (steps) {
  return steps.slice(steps.findIndex(({ action }) => action === 'copy') + 1)
}

/** Describes the situation. `tone` is neutral, good or bad from the victim's point of view. */
export function judge (view, rows, setting, hasCopy) {
  const { family, session } = view
  if (family === null) return say('neutral', 'Nobody is logged in.', 'Log in as Alice and follow the highlighted button, or play the theft.')
  if (session === null) return judgeEnd(family, rows)
  if (!hasCopy) return say('neutral', 'Alice alone has the session.', 'Now let the thief copy her cookie.')

  const refreshes = sinceCopy(family.steps).filter(({ action }) => action === 'refresh')
  const hasStolen = refreshes.some(({ player, status }) => player === 'thief' && status === 200)
  if (refreshes.some(({ rule }) => rule === 'proof')) {
    return say('good', 'The copy is useless.', 'A refresh also needs a short-lived cookie that the browser gets by signing with its key. The server refused the thief, and Alice’s session goes on.')
  }
  if (!hasStolen) return say('neutral', 'The thief has the same token as Alice.', 'Let a minute pass, then refresh as the thief and as Alice in turn.')
  if (setting === 'none') return say('bad', 'The thief is served just like Alice, and always will be.', 'Without rotation, nothing gives the copy away. Only a logout, a revocation or the end of the session stops the thief.')
  return say('neutral', 'Both are served, but not for long.', 'Their tokens are of one family. As soon as one of them presents a token that the session has moved past, the theft is detected.')
}

function judgeEnd ({ steps }, rows) {
  const reuse = steps.find(({ rule }) => rule === 'reuse')
  if (reuse === undefined) return say('neutral', 'The session is over.', 'Log in as Alice to begin another one.')
  const { name } = rows.find(({ id }) => id === reuse.token)
  const who = reuse.player === 'thief' ? 'The thief' : 'Alice'
  return say('good', 'Detected: the session has ended, for both.', `${who} used token ${name}, which the session had already moved past. Only a thief or a victim can still have such a token. ` +
    'Alice logs in again; the thief cannot. An access token that is still good opens routes without requireSession until it expires.')
}

function say (tone, title, text) {
  return { tone, title, text }
}
