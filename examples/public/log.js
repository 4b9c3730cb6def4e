import { create } from './dom.js'
import { clockTime } from './format.js'

const LENGTH = 100

/** The log of events. The latest line is always visible. */
export function createLog (list) {
  function add (className, parts) {
    const time = create('time', { textContent: clockTime(Date.now()) })
    const spans = parts.flatMap(([className, textContent]) => [' ', create('span', { className, textContent })])
    list.append(create('li', { className }, [time, ...spans]))
    if (list.children.length > LENGTH) list.firstChild.remove()
    list.parentElement.scrollTop = list.scrollHeight
  }

  return {
    say: (text) => add('', [['said', text]]),

    noAnswer: (request) => add('refused', [['status', 'none'], ['request', request], ['note', 'no answer from the server']]),

    async answer (request, response) {
      const { status, ok } = response
      const { code, expiresIn } = await response.clone().json().catch(() => ({}))
      // Not an error: a page cannot see its cookie, so it tries to refresh when it opens.
      if (code === 'FST_JWT_REFRESH_TOKEN_MISSING') return add('', [['status', status], ['request', request], ['note', 'nobody is logged in yet: the page asks when it opens']])
      const note = expiresIn === undefined ? code : `a new access token for ${expiresIn} seconds`
      add(ok ? 'fine' : 'refused', [['status', status], ['request', request], ['note', note ?? '']])
    },

    clear: () => list.replaceChildren()
  }
}
