import t from 'tap'
import { decide } from '../../lib/sessions/rotation.ts'
import { findThieves, search } from './search.ts'
import { badNetwork, badStore, plain, windows } from './setting.ts'
import type { Judge, Setting, Stolen } from './setting.ts'

// A browser registers a device key with the login's token, at any time while it holds that token, while its tabs refresh at any
// time. The response contains a child token that carries the key; it may be lost, delayed or duplicated. A thief may have copied a
// token before the registration. A copy of a token that carries the key is rejected without the key, so it is not modelled here.

const registering: Setting = { ...plain, registers: true }
const STOLEN: Stolen[] = ['live', 'just used', 'older']

t.test('nobody is logged out by registering, whatever gets lost, comes late, twice or in another order', async (t) => {
  const rows: Record<string, Partial<Setting>> = {
    'tabs that refresh as they please, without faults': windows({ overlap: 3, registration: 2 }),
    'with lost and doubled messages': { ...badNetwork, ...windows({ registration: 2 }) },
    'and a store that loses its last writes': { ...badNetwork, ...badStore, ...windows({ registration: 2 }) },
    'where the login\'s token waits for less than a message lives': { ...badNetwork, ...windows({ registration: 1 }) },
    'where it does not wait': badNetwork,
    'where it waits for as long as tabs may share a token': { ...badNetwork, ...windows({ registration: 5 }) },
    'a client that refreshes when its access token has expired': { ...badNetwork, ...windows({ overlap: 3, registration: 1 }), accessLife: 3 },
    'and a store that loses its last writes, too': { ...badNetwork, ...badStore, ...windows({ registration: 1 }), accessLife: 5 },
    'a browser that crashes, where the overlap is two message lives longer than its disk is behind': { ...badNetwork, losesCookies: 2, ...windows({ overlap: 5, registration: 1 }), accessLife: 5 }
  }
  for (const [name, changes] of Object.entries(rows)) {
    const { logout, worlds } = search({ ...registering, ...changes })
    t.strictSame(logout, null, `${name}: ${worlds} worlds`)
  }
})

t.test('once the session is bound, no copy is ever accepted again', async (t) => {
  const rows: Record<string, Partial<Setting>> = {
    'a victim with one tab': { inFlight: 1, accessLife: 5, ...windows({ registration: 2 }) },
    'with two, over a bad network': { ...badNetwork, inFlight: 2, ...windows({ overlap: 3, registration: 1 }), accessLife: 3 },
    'beside a store that loses its last write': { inFlight: 1, losesWrites: 1, losesThem: 'once', ...windows({ overlap: 3, registration: 1 }), accessLife: 3 }
  }
  for (const [name, changes] of Object.entries(rows)) {
    for (const thief of STOLEN) {
      const { pierced, worlds } = search({ ...registering, ...changes, thief })
      t.strictSame(pierced, null, `${name}, a thief with one that is ${thief}: ${worlds} worlds`)
    }
  }
})

t.test('before that, and in a browser that never registers, a thief is found', async (t) => {
  const victim: Setting = { ...plain, accessLife: 5, inFlight: 1 }
  t.strictSame(findThieves({ ...victim, ...windows({ registration: 2 }) }), { live: 4, 'just used': 1, older: 0 }, 'as ever, but for a refresh while the login\'s token waits')
  t.strictSame(findThieves({ ...victim, registers: true, ...windows({ registration: 2 }) }), { live: 4, 'just used': 2, older: 0 }, 'and but for one right after the registration')
})

t.test('could a token without the key heal a bound session, a thief would be back once the store loses writes', async (t) => {
  const withoutBinding: Judge = (session, ...rest) => decide(session && { ...session, boundTo: null }, ...rest)
  const setting: Setting = { ...registering, inFlight: 1, ...badStore, losesThem: 'once', ...windows({ overlap: 1 }), accessLife: 1 }
  t.strictSame(search({ ...setting, thief: 'live' }).pierced, null)
  t.strictSame(search({ ...setting, thief: 'live', judge: withoutBinding }).pierced, [
    'the browser registers with 1',
    'a thief copies 1',
    'the thief begins',
    'the registration with 1 is served: confirm, gives out 2',
    'a tick',
    'the answer to the registration with 2 arrives',
    'the thief uses 1: retry, gives out 2b',
    'a tick',
    'the client sends 2',
    'the thief uses 2b: confirm, gives out 3',
    'a tick',
    'the thief uses 3: confirm, gives out 4',
    'the store loses its last 2 writes',
    'the request with 2 is served: confirm, gives out 3b',
    'the thief uses 4: young'
  ], 'it had gone on before the store forgot it')
})
