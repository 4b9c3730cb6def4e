import { findThieves, search } from './search.ts'
import { badNetwork, badStore, plain, windows } from './setting.ts'
import type { Setting } from './setting.ts'
import * as variants from './variants.ts'

// The long search, `npm run test:model`: more requests at the same time, finer ticks, and what other rules would cost. Prints
// the tables of docs/rotation-proof.md, and fails if the shipped rules break a promise.

const lifeOf = (messageLife: number, overlap: number): Partial<Setting> => ({ messageLife, ...windows({ overlap }) })

function clients (title: string, rows: Array<[name: string, setting: Partial<Setting>, isSafe: boolean]>): void {
  console.log(`\n${title}\n\n| | worlds | shortest false log-out |\n|---|---|---|`)
  for (const [name, changes, isSafe] of rows) {
    const { worlds, logout } = search({ ...plain, ...changes })
    console.log(`| ${name} | ${worlds} | ${logout === null ? 'none' : `${logout.length} steps`} |`)
    if ((logout === null) !== isSafe) fail(name, logout)
  }
}

function fail (name: string, story: string[] | null): void {
  process.exitCode = 1
  console.log(`FAILED: ${name}`, story ?? 'was expected to break')
}

for (const [messageLife, overlaps] of [[1, [2, 3, 4, 5]], [2, [4, 5, 8, 9]], [3, [6, 7, 12, 13]]] as const) {
  clients(`Overlap against message life, in ticks; a message lives for ${messageLife}`, overlaps.flatMap((overlap): Array<[string, Partial<Setting>, boolean]> => [
    [`overlap ${overlap}, no faults`, lifeOf(messageLife, overlap), overlap > 2 * messageLife],
    [`overlap ${overlap}, bad network`, { ...badNetwork, ...lifeOf(messageLife, overlap) }, overlap > 4 * messageLife]
  ]))
}

clients('Tabs that refresh as they please, a bad network and a bad store; overlap of five message lives', [
  ['three requests at once', { ...badNetwork, ...badStore }, true],
  ['four requests at once, a sound store', { ...badNetwork, inFlight: 4 }, true],
  ['five requests at once, a sound store', { ...badNetwork, inFlight: 5 }, true],
  ['four requests at once, the last write may be lost', { ...badNetwork, inFlight: 4, losesWrites: 1 }, true],
  ['three, as if a token that is ahead were never too young', { ...badNetwork, ...badStore, judge: variants.withHastyAhead }, false]
])

clients('A client that refreshes on expiry, a bad network and a bad store', [0, 1, 2, 3, 4, 5].flatMap((accessLife): Array<[string, Partial<Setting>, boolean]> => [
  [`overlap 3, an access token lives for ${accessLife}`, { ...badNetwork, ...badStore, ...windows({ overlap: 3 }), accessLife }, accessLife >= 3],
  [`overlap 0, an access token lives for ${accessLife}`, { ...badNetwork, ...badStore, ...windows({ overlap: 0 }), accessLife }, accessLife >= 3]
]))

clients('The body transport, where an answer always brings a refresh token: the new one, or the one that was sent', [
  ...[0, 1, 2, 3, 4].flatMap((accessLife): Array<[string, Partial<Setting>, boolean]> => [0, 3, 5].map((overlap) =>
    [`refreshes on expiry, an access token lives for ${accessLife}, overlap ${overlap}`, { echoes: true, ...badNetwork, ...badStore, ...windows({ overlap }), accessLife }, accessLife >= 3])),
  ...[2, 3, 5, 7].flatMap((overlap): Array<[string, Partial<Setting>, boolean]> => [
    [`as it pleases, one at a time, overlap ${overlap}`, { echoes: true, ...badNetwork, ...badStore, ...windows({ overlap }), inFlight: 1 }, true],
    [`as it pleases, two at once, overlap ${overlap}`, { echoes: true, ...badNetwork, ...windows({ overlap }), inFlight: 2 }, false]
  ])
])

console.log('\nRefreshes of an active victim until a thief is found\n\n| | live | just used | older |\n|---|---|---|---|')
const victim: Setting = { ...plain, accessLife: 5 }
const briefly: Setting = { ...victim, inFlight: 1, ...windows({ overlap: 3 }), accessLife: 3, losesThem: 'once' }
const thieves: Array<[name: string, setting: Setting, expected: string]> = [
  ['a victim with one tab', { ...victim, inFlight: 1 }, '3 1 0'],
  ['with three tabs', victim, '3 1 0'],
  ['with three tabs, over a bad network', { ...victim, ...badNetwork }, '3 1 0'],
  ['overlap of three message lives', { ...victim, ...lifeOf(1, 3), ...badNetwork }, '3 1 0'],
  ['the body transport, one request at a time, over a bad network', { ...victim, ...badNetwork, inFlight: 1, echoes: true }, '3 1 0'],
  ['the body transport, three at once', { ...victim, ...badNetwork, echoes: true }, '3 2 0'],
  ['the store loses a write', { ...briefly, losesWrites: 1 }, '4 2 2'],
  ['the store loses two', { ...briefly, losesWrites: 2 }, '5 3 3'],
  ['the store loses three', { ...briefly, losesWrites: 3 }, '6 4 4']
]
for (const [name, setting, expected] of thieves) {
  const found = Object.values(findThieves(setting))
  console.log(`| ${name} | ${found.join(' | ')} |`)
  if (found.join(' ') !== expected) fail(name, null)
}

console.log('\nWhat else could be done about an overlap of four message lives or fewer\n\n| | overlap 3 | overlap 4 | overlap 5 | thief: live | just used | older |\n|---|---|---|---|---|---|---|')
const candidates: Array<[name: string, changes: Partial<Setting>]> = [
  ['the shipped rules', {}],
  ['a retry\'s child is young for 1 tick more', { rejuvenates: 1 }],
  ['for 2 ticks more', { rejuvenates: 2 }],
  ['siblings within overlap get an access token', { judge: variants.withSiblings, ...variants.anyLine }],
  ['one child for all uses of a token', { oneChild: true }],
  ['a retry opens the window anew', { judge: variants.withRearming }],
  ['no other child at a retry', { judge: variants.withoutLateChild }],
  ['a child at each retry, at once too', { judge: variants.withoutQuietRetry }]
]
for (const [name, changes] of candidates) {
  const steps = [3, 4, 5].map((overlap) => search({ ...plain, ...badNetwork, ...windows({ overlap }), ...changes }).logout?.length ?? 'none')
  const found = Object.values(findThieves({ ...plain, inFlight: 1, ...windows({ overlap: 4 }), accessLife: 4, ...changes }))
  console.log(`| ${name} | ${[...steps, ...found].join(' | ')} |`)
}
console.log(`\n${Math.round(process.memoryUsage().rss / 1e6)} MB, ${Math.round(performance.now() / 1000)} s`)
