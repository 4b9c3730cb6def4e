import t from 'tap'
import { decide } from '../../lib/sessions/rotation.ts'
import { findThieves, search } from './search.ts'
import { badNetwork, badStore, plain, windows } from './setting.ts'
import type { Setting } from './setting.ts'
import * as variants from './variants.ts'

// Why each rule exists: without it, one of these promises breaks.

/** Tabs that refresh at any time, over a bad network: `overlap` is longer than four message lifetimes. */
const tabs: Setting = { ...plain, ...badNetwork }
/** The same without faults: more than two message lifetimes are enough. */
const calmTabs: Setting = { ...plain, ...windows({ overlap: 3 }) }
/** A client that refreshes when its access token has expired. */
const patient: Setting = { ...tabs, accessLife: plain.windows.overlap }
const victim: Setting = { ...plain, accessLife: plain.windows.overlap, inFlight: 1 }

t.test('all of them together', async (t) => {
  for (const setting of [tabs, { ...tabs, ...badStore }, calmTabs, patient, { ...patient, ...badStore }]) t.equal(search(setting).logout, null)
  t.strictSame(findThieves(victim), { live: 3, 'just used': 1, older: 0 })
})

t.test('young: without it, tabs that wake together are logged out', async (t) => {
  t.strictSame(search({ ...calmTabs, judge: variants.withoutYoung }).logout, [
    'the client sends 1',
    'the client sends 1',
    'the request with 1 is served: confirm, gives out 2',
    'the answer with 2 arrives',
    'the client sends 2',
    'the request with 2 is served: confirm, gives out 3',
    'the request with an old token is served: reuse'
  ])
})

t.test('confirm: were the login\'s token young too, a thief would have one refresh more', async (t) => {
  t.strictSame(findThieves({ ...victim, judge: variants.withYoungLogin }), { live: 4, 'just used': 1, older: 0 })
})

t.test('retry: without it, two requests at once are enough, or one lost answer', async (t) => {
  t.equal(search({ ...calmTabs, judge: variants.withoutRetry }).logout?.length, 4)
  t.equal(search({ ...patient, inFlight: 1, ...windows({ retryWindow: 0, overlap: 0 }) }).logout?.length, 5, 'strict rotation')
})

t.test('retry: with a window that ends, a client that lost an answer and sleeps is logged out', async (t) => {
  for (const retryWindow of [5, 10]) {
    const { logout } = search({ ...patient, inFlight: 1, ...windows({ retryWindow }) })
    t.equal(logout?.length, 5 + retryWindow, `${retryWindow} ticks`)
  }
})

t.test('retry: without another child, a thief starves its victim of tokens and is never found', async (t) => {
  t.equal(findThieves({ ...victim, judge: variants.withoutLateChild }).live, Infinity)
})

t.test('retry: were the window opened anew, too', async (t) => {
  t.equal(findThieves({ ...victim, judge: variants.withRearming }).live, Infinity)
})

t.test('retry: did it give a child within the overlap, two message lives would no longer do', async (t) => {
  t.equal(search({ ...calmTabs, judge: variants.withoutQuietRetry }).logout?.length, 13)
  t.equal(search({ ...tabs, judge: variants.withoutQuietRetry }).logout, null, 'four would')
  t.equal(findThieves({ ...victim, judge: variants.withoutQuietRetry }).live, 2, 'and a thief would have one refresh less')
})

t.test('ahead: without it, a store that loses writes logs out', async (t) => {
  t.equal(search({ ...patient, ...badStore, ...windows({ recoveryWindow: 0 }) }).logout?.length, 11)
})

t.test('reuse: were a sibling of the current token excused, a thief would have one refresh more', async (t) => {
  t.strictSame(findThieves({ ...victim, judge: variants.withSiblings, ...variants.anyLine }), { live: 4, 'just used': 2, older: 0 })
})

t.test('a child for each use: with one child for all, a thief is never found', async (t) => {
  t.match(findThieves({ ...victim, oneChild: true }), { live: Infinity, 'just used': Infinity, older: 0 })
})

t.test('a rule that takes what the model forgets is noticed', async (t) => {
  t.throws(() => search({ ...victim, thief: 'live', judge: variants.withSiblings }), { message: /forgotten, but not refused/ })
  t.doesNotThrow(() => search({ ...victim, thief: 'live', judge: decide }))
})
