import t from 'tap'
import { newSession } from '../../lib/sessions/new-session.ts'
import { oldTokenOf, rootOf } from '../../lib/sessions/old-token.ts'
import { findThieves, search } from './search.ts'
import { badNetwork, badStore, plain, windows } from './setting.ts'
import type { Setting } from './setting.ts'
import * as variants from './variants.ts'

// A client moves over from an older scheme. Its old token, 1 in the traces, becomes the first token of a session that is created
// when the token is first presented. All tabs share the token from the start, the server may fail between the steps of the trade-in,
// and a thief may have a copy.

const moving: Setting = { ...plain, moves: true }

t.test('the old token and its session are to each other what the model starts with', async (t) => {
  const terms = { idleLife: null, maxAge: 60, persistent: true, authTime: null, jkt: null, adoptedKey: 'jti-1', device: null }
  const id = 'an id of 22 characters'
  const session = newSession({ id, root: rootOf(id), claims: { sub: 'anna' }, metadata: {}, terms }, plain.windows, 0)
  const token = oldTokenOf(session, terms)
  t.match(session, { generation: 0, current: token.parent })
  t.match(token, { generation: 1, sessionId: session.id, subject: session.subject, endsAt: session.endsAt })
  t.not(token.hash, token.parent)
})

t.test('nobody is logged out by moving in, and no old token comes back to life', async (t) => {
  const rows: Record<string, Partial<Setting>> = {
    'tabs that refresh as they please, without faults': windows({ overlap: 3 }),
    'with lost and doubled messages, and a server that fails on its way': badNetwork,
    'and a store that loses its last writes': { ...badNetwork, ...badStore },
    'a client that refreshes when its access token has expired': { ...badNetwork, ...badStore, ...windows({ overlap: 0 }), accessLife: 4 },
    'the body transport, one request at a time': { ...badNetwork, ...badStore, echoes: true, inFlight: 1 },
    'the same, where each answer to the old token brings another refresh token': { ...badNetwork, ...badStore, echoes: true, inFlight: 1, judge: variants.withoutQuietRetry },
    'a browser that crashes': { ...badNetwork, losesCookies: 2, ...windows({ overlap: 3 }), accessLife: 3 }
  }
  for (const [name, changes] of Object.entries(rows)) {
    const { logout, revival, worlds } = search({ ...moving, ...changes })
    t.strictSame({ logout, revival }, { logout: null, revival: null }, `${name}: ${worlds} worlds`)
  }
})

t.test('a thief with a copy of the old token is found as soon as one with the token of a login', async (t) => {
  const victim: Setting = { ...moving, accessLife: plain.windows.overlap, inFlight: 1 }
  t.strictSame(findThieves(victim), { live: 3, 'just used': 1, older: 0 }, 'a victim with one tab')
  t.strictSame(findThieves({ ...moving, ...windows({ overlap: 3 }), accessLife: 3, ...badNetwork }), { live: 3, 'just used': 1, older: 0 }, 'with three, over a bad network')
})

t.test('were the old token the root of its session, two tabs at the first refresh would be logged out', async (t) => {
  // Its child would count as a login's token, to which the `young` rule does not apply.
  t.strictSame(search({ ...moving, ...windows({ overlap: 3 }), judge: variants.withoutYoung }).logout, [
    'the client sends 1',
    'the client sends 1',
    'the request with 1 is served: confirm, gives out 2',
    'the answer with 2 arrives',
    'the client sends 2',
    'the request with 2 is served: confirm, gives out 3',
    'the request with an old token is served: reuse'
  ])
})

t.test('were it marked before its session is created, a server that fails in between would log its client out', async (t) => {
  t.strictSame(search({ ...moving, ...badNetwork, marks: 'before' }).logout, [
    'the client sends 1',
    'the client sends 1',
    'the server fails once it has marked the old token',
    'the request with 1 is served: gone'
  ])
})

t.test('were it never marked, it would log in after the logout', async (t) => {
  t.strictSame(search({ ...moving, inFlight: 1, marks: 'never' }).revival, [
    'the client sends 1',
    'the request with 1 is served: confirm, gives out 2',
    'the answer with 2 arrives',
    'the client logs out',
    'the old token comes again'
  ])
})
