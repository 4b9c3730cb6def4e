import t from 'tap'
import type { Test } from 'tap'
import { findThieves, search } from './search.ts'
import { badNetwork, badStore, plain, windows } from './setting.ts'
import type { Setting } from './setting.ts'

// With the body transport, a response without a new refresh token repeats the one that was sent, and the client stores whatever
// it receives. A late response can therefore replace a new token with an old one.

const body: Setting = { ...plain, echoes: true }

function staysLoggedIn (t: Test, name: string, setting: Partial<Setting>): void {
  const { logout, worlds } = search({ ...body, ...setting })
  t.strictSame(logout, null, `${name}: ${worlds} worlds`)
}

t.test('a client that refreshes when its access token has expired loses no session to it', async (t) => {
  for (const overlap of [0, 3, 5]) {
    staysLoggedIn(t, `overlap ${overlap}, an access token lives for three message lives`, { ...badNetwork, ...badStore, ...windows({ overlap }), accessLife: 3 })
  }
  t.equal(search({ ...body, accessLife: 2 }).logout?.length, 24, 'two are too few, even without faults')
})

t.test('nor does a client that sends one refresh at a time, whenever it pleases', async (t) => {
  for (const overlap of [0, 2, 3, 5]) staysLoggedIn(t, `overlap ${overlap}`, { ...badNetwork, ...badStore, ...windows({ overlap }), inFlight: 1 })
})

t.test('refreshes at once, as one pleases, can pass an old token on from answer to answer: a longer overlap makes the way longer, not impossible', async (t) => {
  const steps = [3, 5, 7, 9].map((overlap) => search({ ...body, ...windows({ overlap }) }).logout?.length)
  t.strictSame(steps, [13, 18, 23, 28])
  t.strictSame(search({ ...body, ...windows({ overlap: 3 }) }).logout, [
    'the client sends 1',
    'the client sends 1',
    'the request with 1 is served: confirm, gives out 2',
    'a tick',
    'the answer with 2 arrives',
    'the request with 1 is served: retry',
    'a tick',
    'the client sends 2',
    'the answer with 1 arrives',
    'a tick',
    'the client sends 1',
    'the request with 2 is served: confirm, gives out 3',
    'the request with an old token is served: reuse'
  ])
})

t.test('a thief is found as soon as without it beside a victim that sends one refresh at a time, and one refresh later beside one that sends several', async (t) => {
  const victim: Setting = { ...body, ...windows({ overlap: 3 }), accessLife: 3 }
  t.strictSame(findThieves({ ...victim, ...badNetwork, inFlight: 1 }), { live: 3, 'just used': 1, older: 0 })
  t.strictSame(findThieves({ ...victim, ...badNetwork }), { live: 3, 'just used': 2, older: 0 })
})
