import { AssertionError } from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { CONTRACT } from '../../lib/testing/store-checks/contract.ts'
import { testStore } from '../../lib/testing/test-store.ts'
import type { TokenStore } from '../../types/session.ts'
import { OfAnotherRealm, PlainStore, Rejecting, WithUsers, brokenStores } from '../fixtures/broken-stores.ts'
import type { BrokenStore } from '../fixtures/broken-stores.ts'
import { root } from '../fixtures/package.ts'

/** The checks that fail for a store, with their errors. */
async function failures (createStore: () => TokenStore): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>()
  const running: Array<Promise<unknown>> = []
  testStore((name, check) => running.push(check().catch((error: unknown) => failed.set(name, error))), createStore)
  await Promise.all(running)
  return failed
}

testStore(test, () => new PlainStore())

for (const [mistake, { create, caughtBy }] of Object.entries(brokenStores)) {
  test(`finds out that ${mistake}`, async (t) => {
    const failed = await failures(create)
    t.ok(failed.has(caughtBy), `'${caughtBy}' fails, got: ${[...failed.keys()].join(', ')}`)
    t.ok(failed.get(caughtBy) instanceof AssertionError, 'and says what it expected')
    t.match((failed.get(caughtBy) as Error).message, /^The contract of TokenStore says: .+\nPerhaps .+\.\n/, 'and why it may be so')
  })
}

test('a failure begins with the sentence of the contract, word by word, and says what is likely', async (t) => {
  const comments = (await readFile(join(root, 'types/session.ts'), 'utf8')).replace(/\s*\n\s*\*?\s*/g, ' ')
  for (const sentence of Object.values(CONTRACT)) t.ok(comments.includes(sentence), sentence)

  const { create, caughtBy } = brokenStores['a rotation in place counts for nothing'] as BrokenStore
  const error = (await failures(create)).get(caughtBy) as AssertionError
  const [contract, hint] = error.message.split('\n')
  t.equal(contract, `The contract of TokenStore says: ${CONTRACT.rotateInPlace}`)
  t.match(hint, /^Perhaps the driver counts the rows that changed/)
  t.match(error, { actual: null, expected: { generation: 0 }, cause: { name: 'AssertionError' } }, 'with what was expected, for the reporter')

  const thrown = (await failures(() => new Rejecting())).get('an unknown id is not there') as Error
  t.match(thrown, { message: new RegExp(`${CONTRACT.find}\nPerhaps .*\nthe database is away`.replaceAll('`', '.')), cause: { message: 'the database is away' } })

  const away: unknown = 'away'
  const rejectsWithText = new PlainStore()
  rejectsWithText.find = async () => { throw away }
  const told = (await failures(() => rejectsWithText)).get('an unknown id is not there') as Error
  t.match(told, { message: /\naway$/, cause: 'away' }, 'what is no error is shown as it is')
})

testStore((name, check) => test(`in another realm: ${name}`, check), () => new OfAnotherRealm())

test('the subjects can be the host\'s, where a foreign key demands it', async (t) => {
  const stores: WithUsers[] = []
  const createStore = (): WithUsers => {
    const store = new WithUsers()
    stores.push(store)
    return store
  }
  testStore((name, check) => t.test(name, check), createStore, { subject: (store) => store.addUser() })
  t.test('and only the host\'s', async (t) => t.ok(stores.some(({ users }) => users.size > 1)))
})

test('a subject that is none is a mistake in the test', async (t) => {
  for (const subject of [() => 5, () => '', async () => undefined]) {
    const running: Array<Promise<unknown>> = []
    testStore((_name, check) => running.push(check()), () => new PlainStore(), { subject: subject as unknown as () => string })
    const [first] = await Promise.allSettled(running)
    t.match(first, { status: 'rejected', reason: { message: /subject must resolve to a non-empty string/ } })
  }
})

test('what drivers get wrong is found by the check that is there for it, and by no other', async (t) => {
  for (const mistake of ['find fails at a NUL', 'delete takes undefined for NULL', 'undefined turns into null', 'a rotation in place counts for nothing',
    'rotate knows no boundTo', 'find swaps answers', 'list swaps answers', 'rotate swaps answers']) {
    const { create, caughtBy } = brokenStores[mistake] as BrokenStore
    t.strictSame([...(await failures(create)).keys()], [caughtBy], mistake)
  }
})

test('numbers of another type are told by their type', async (t) => {
  for (const [mistake, told] of [['find answers times as texts', /expiresAt is the string \d+$/m],
    ['rotate answers times as BigInts', /generation is the bigint 1$/m], ['deleteAll counts in BigInts', /the count is the bigint 1$/m]] as const) {
    const { create, caughtBy } = brokenStores[mistake] as BrokenStore
    t.match((await failures(create)).get(caughtBy), { message: told }, mistake)
  }
})

test('every check is there for a mistake that it finds', async (t) => {
  const names: string[] = []
  testStore((name) => names.push(name), () => new PlainStore())
  const proven = new Set(Object.values(brokenStores).map(({ caughtBy }) => caughtBy))
  t.strictSame(names.filter((name) => !proven.has(name)), [])
})

test('closes each store, after a failed check too', async (t) => {
  const open = new Set<TokenStore>()
  const running: Array<Promise<unknown>> = []
  const createStore = async (): Promise<PlainStore> => {
    const store = new PlainStore()
    store.rotate = async () => null
    open.add(store)
    return store
  }
  testStore((_name, check) => running.push(check()), createStore, { close: (store) => open.delete(store) })
  const outcomes = await Promise.allSettled(running)
  t.ok(outcomes.some(({ status }) => status === 'rejected'))
  t.equal(open.size, 0)
})
