import { AssertionError } from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { testStore } from '../../lib/testing/test-store.ts'
import type { Session, TokenStore } from '../../types/session.ts'
import { PlainStore, brokenStores } from '../fixtures/broken-stores.ts'

/** Which checks fail for a store, each with what it threw. */
async function failures (createStore: () => TokenStore): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>()
  const running: Array<Promise<unknown>> = []
  testStore((name, check) => running.push(check().catch((error: unknown) => failed.set(name, error))), createStore)
  await Promise.all(running)
  return failed
}

testStore(test, () => new PlainStore())

test('takes a store whose objects have other prototypes, as those that structuredClone makes under Jest', async (t) => {
  const parse = runInNewContext('JSON.parse') as typeof JSON.parse
  class OtherRealm extends PlainStore {
    override async find (id: string): Promise<Session | null> {
      return parse(JSON.stringify(await super.find(id)))
    }
  }
  t.strictSame([...await failures(() => new OtherRealm())], [])
})

for (const [mistake, { create, caughtBy }] of Object.entries(brokenStores)) {
  test(`finds out that ${mistake}`, async (t) => {
    const failed = await failures(create)
    t.ok(failed.has(caughtBy), `'${caughtBy}' fails, got: ${[...failed.keys()].join(', ')}`)
    t.ok(failed.get(caughtBy) instanceof AssertionError, 'and says what it expected')
  })
}

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
