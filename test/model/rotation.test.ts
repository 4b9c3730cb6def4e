import t from 'tap'
import type { Test } from 'tap'
import { search } from './search.ts'
import { badNetwork, badStore, plain, windows } from './setting.ts'
import type { Setting } from './setting.ts'
import { withHastyAhead } from './variants.ts'

// Overlaps are given in message lifetimes: the longest time that a request or a response may be in flight.

/** Whatever the client does within the setting, it never has to log in again. */
function staysLoggedIn (t: Test, name: string, setting: Partial<Setting>): void {
  const { logout, worlds } = search({ ...plain, ...setting })
  t.strictSame(logout, null, `${name}: ${worlds} worlds`)
}

t.test('a client that refreshes when its access token has expired', async (t) => {
  staysLoggedIn(t, 'loses no session, whatever gets lost, comes late, twice or in another order', { ...badNetwork, accessLife: 3 })
  staysLoggedIn(t, 'nor where the store loses its last writes, again and again', { ...badNetwork, ...badStore, accessLife: 3 })
  staysLoggedIn(t, 'nor with more requests at once', { ...badNetwork, ...badStore, accessLife: 3, inFlight: 4 })
  staysLoggedIn(t, 'it does not even need the overlap, where an access token lives for four message lives', { ...badNetwork, ...badStore, ...windows({ overlap: 0 }), accessLife: 4 })
})

t.test('tabs that each refresh as they please', async (t) => {
  staysLoggedIn(t, 'lose no session to answers in any order, with an overlap of more than two message lives', windows({ overlap: 3 }))
  staysLoggedIn(t, 'nor to lost and doubled messages, with more than four', badNetwork)
  staysLoggedIn(t, 'nor with more requests at once', { ...badNetwork, inFlight: 4 })
  staysLoggedIn(t, 'nor where the store loses its last writes', { ...badNetwork, ...badStore })
  staysLoggedIn(t, 'nor in a finer time', { ...badNetwork, ...badStore, messageLife: 2, ...windows({ overlap: 9 }) })
})

t.test('with an overlap of four message lives or fewer, a lost answer and a burst of overtaking tabs log out', async (t) => {
  t.equal(search({ ...plain, ...windows({ overlap: 4 }), losesMessages: true }).logout?.length, 21)
  t.strictSame(search({ ...plain, ...windows({ overlap: 3 }), losesMessages: true }).logout, [
    'the client sends 1',
    'the request with 1 is served: confirm, gives out 2',
    'a tick',
    'the answer with 2 is lost',
    'a tick',
    'a tick',
    'the client sends 1',
    'the client sends 1',
    'the request with 1 is served: retry, gives out 2b',
    'a tick',
    'the answer with 2b arrives',
    'the request with 1 is served: retry, gives out 2c',
    'a tick',
    'the client sends 2b',
    'the answer with 2c arrives',
    'a tick',
    'the client sends 2c',
    'the request with 2b is served: confirm, gives out 3',
    'the request with an old token is served: reuse'
  ], 'the shortest way: 2b and 2c are children of one token, and the second one that is used is an old token')
})

t.test('with an overlap of two message lives or fewer, tabs need no lost answer for it', async (t) => {
  t.equal(search({ ...plain, ...windows({ overlap: 2 }) }).logout?.length, 9)
})

t.test('a failover in the middle of a burst would log out, were a token that is ahead never too young', async (t) => {
  t.strictSame(search({ ...plain, ...badStore, judge: withHastyAhead }).logout, [
    'the client sends 1',
    'the client sends 1',
    'the request with 1 is served: confirm, gives out 2',
    'the answer with 2 arrives',
    'the client sends 2',
    'the store loses its last write',
    'the request with 2 is served: confirm, gives out 3',
    'the request with an old token is served: reuse'
  ])
})
