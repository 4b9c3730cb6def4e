import t from 'tap'
import { findThieves, search } from './search.ts'
import { badNetwork, badStore, plain, windows } from './setting.ts'
import type { Setting } from './setting.ts'

// A browser writes its cookies to disk some time after they change (Chromium: within 30 seconds), so a crash can bring back
// an old refresh token. The login's cookie counts as written: if it were lost, there would be no session to lose.

/** How far the cookies on disk may lag behind, in message lifetimes. */
const BEHIND = 2
const crashing: Setting = { ...plain, ...badNetwork, losesCookies: BEHIND }

t.test('a client that refreshes when its access token has expired loses no session to crashes, with an overlap longer than the disk is behind', async (t) => {
  const patient = (overlap: number): Setting => ({ ...crashing, ...windows({ overlap }), accessLife: overlap })
  t.equal(search(patient(BEHIND + 1)).logout, null)
  t.equal(search({ ...patient(BEHIND + 1), ...badStore }).logout, null, 'nor where the store loses its last writes, too')
  t.equal(search({ ...patient(BEHIND + 1), accessLife: BEHIND + 2 }).logout, null, 'nor where the access token lives longer')
  t.strictSame(search({ ...patient(BEHIND), inFlight: 1 }).logout, [
    'the client sends 1',
    'the request with 1 is served: confirm, gives out 2',
    'the answer with 2 arrives',
    'a tick',
    'a tick',
    'the client sends 2',
    'the browser crashes',
    'the request with 2 is served: confirm, gives out 3',
    'the client sends an old token',
    'the request with an old token is served: reuse'
  ], 'one that is as long is too short')
})

t.test('tabs that each refresh as they please need four message lives more', async (t) => {
  const tabs = (overlap: number): Setting => ({ ...crashing, ...windows({ overlap }), inFlight: 2 })
  t.equal(search(tabs(BEHIND + 5)).logout, null)
  t.equal(search({ ...tabs(BEHIND + 5), ...badStore }).logout, null, 'nor where the store loses its last writes, too')
  t.equal(search(tabs(BEHIND + 4)).logout?.length, 27)
})

t.test('an overlap longer than the life of the access token does not help', async (t) => {
  t.equal(search({ ...plain, losesCookies: BEHIND, ...windows({ overlap: BEHIND + 2 }), accessLife: BEHIND, inFlight: 2 }).logout?.length, 12)
})

t.test('a browser that crashes after each refresh hides a thief for as long as it does so', async (t) => {
  const victim: Setting = { ...plain, losesCookies: BEHIND, ...windows({ overlap: BEHIND + 1 }), accessLife: BEHIND + 1, inFlight: 1 }
  t.strictSame(findThieves(victim), { live: Infinity, 'just used': Infinity, older: 0 })
})
