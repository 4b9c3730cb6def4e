import t from 'tap'
import { findThieves, search } from './search.ts'
import { badNetwork, plain, windows } from './setting.ts'
import type { Setting } from './setting.ts'

// "Found within n refreshes" of the victim means that after those, any attempt by the thief ends the session, or the session has
// already ended. The thief keeps every token that it gets and may use any of them at any time. The victim refreshes when its access
// token has expired.

const victim: Setting = { ...plain, accessLife: plain.windows.overlap }
const brief: Setting = { ...plain, ...windows({ overlap: 3 }), accessLife: 3 }

t.test('beside an active victim a thief is found within 3 refreshes, 1 or none', async (t) => {
  t.strictSame(findThieves({ ...victim, inFlight: 1 }), { live: 3, 'just used': 1, older: 0 }, 'a victim with one tab')
  t.strictSame(findThieves({ ...brief, ...badNetwork }), { live: 3, 'just used': 1, older: 0 }, 'with three, over a bad network')
})

t.test('each write that the store loses meanwhile gives it one refresh more', async (t) => {
  for (const losesWrites of [1, 2, 3]) {
    const found = findThieves({ ...brief, inFlight: 1, losesWrites, losesThem: 'once' })
    t.strictSame(found, { live: 3 + losesWrites, 'just used': 1 + losesWrites, older: 1 + losesWrites })
  }
})

t.test('what the thief with a live token does', async (t) => {
  t.strictSame(search({ ...victim, inFlight: 1, thief: 'live' }).theft, [
    'the client sends 1',
    'a thief copies 1',
    'the thief begins',
    'the thief uses 1: confirm, gives out 2',
    'the request with 1 is served: retry',
    'an answer without a cookie arrives',
    'a tick',
    'a tick',
    'a tick',
    'a tick',
    'a tick',
    'the client sends 1',
    'the request with 1 is served: retry, gives out 2b',
    'the answer with 2b arrives',
    'the thief uses 1: retry, gives out 2c'
  ], 'one refresh comes within the overlap, one gives the victim a child of its own, and that one\'s use is the third')
})
