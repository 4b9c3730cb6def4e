import t from 'tap'
import { copyClaims, copyJson } from '../../lib/sessions/claims.ts'

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
const circle: Record<string, unknown> = { name: 'x' }
circle.friends = [{ of: circle }]

t.test('a copy reads as the claims will after their way through JSON, and shares nothing with them', async (t) => {
  const claims = { sub: 'anna', born: new Date(0), none: undefined, list: [undefined, NaN], toString: 'x' }
  const copy = copyClaims('test', claims)
  t.strictSame(copy, { sub: 'anna', born: '1970-01-01T00:00:00.000Z', list: [null, null], toString: 'x' })
  t.not(copy.list, claims.list)
})

t.test('what cannot be claims is a TypeError that says where and why', async (t) => {
  const own = { toJSON () { throw new Error('no') } }
  const nothing = { toJSON () { throw undefined } } // eslint-disable-line no-throw-literal
  const cases: Array<[claims: unknown, message: string | RegExp]> = [
    [undefined, 'test: an object is needed'],
    ['anna', 'test: an object is needed'],
    [[], 'test: an object is needed'],
    [() => {}, 'test: an object is needed'],
    [{}, 'test: the claim "sub" must be a non-empty string that identifies the user'],
    [{ sub: '' }, 'test: the claim "sub" must be a non-empty string that identifies the user'],
    [{ sub: 7 }, 'test: the claim "sub" is a number, but must be a non-empty string: give String(user.id)'],
    [{ sub: 7n }, 'test: JSON cannot hold "sub", a BigInt: give it as a string'],
    [{ sub: 'anna', teams: [{ id: 1 }, { id: 2n }] }, 'test: JSON cannot hold "teams[1].id", a BigInt: give it as a string'],
    [{ sub: 'anna', ...circle }, /^test: JSON cannot hold "friends\[0\]\.of\.friends.*", a circular reference: leave it out$/],
    [{ sub: 'anna', circle }, 'test: JSON cannot hold "circle.friends[0].of", a circular reference: leave it out'],
    [{ sub: 'anna', own }, 'test: JSON cannot hold it'],
    [{ sub: 'anna', nothing }, 'test: JSON cannot hold it'],
    [1n, 'test: JSON cannot hold it'],
    [{ sub: 'anna', exp: 1 }, 'test: the claim "exp" is reserved, leave it out'],
    [{ sub: 'anna', deep: nested(100) }, 'test: more than 100 levels of objects and arrays are too many for a token'],
    [{ sub: 'anna', deep: nested(50_000) }, 'test: more than 100 levels of objects and arrays are too many for a token']
  ]
  for (const [claims, message] of cases) t.throws(() => copyClaims('test', claims), { name: 'TypeError', message })
})

t.test('100 levels pass, and so does one object in two places', async (t) => {
  const shared = { x: 1 }
  t.strictSame(copyJson('test', { deep: nested(99) }), { deep: nested(99) })
  t.strictSame(copyJson('test', { a: shared, b: [shared] }), { a: { x: 1 }, b: [{ x: 1 }] })
})
