import type { TokenStore } from '../../types/session.ts'
import { endingChecks } from './store-checks/endings.ts'
import { recordChecks } from './store-checks/records.ts'
import { rotationChecks } from './store-checks/rotation.ts'
import { subjectChecks } from './store-checks/subjects.ts'

/** `test` of node:test, tap, vitest, jest, …: it is called once a check and may run the checks in any order. */
export type TestFunction = (name: string, fn: () => Promise<void>) => unknown

export interface TestStoreOptions<Store extends TokenStore> {
  /** Called with each store after its check, whether that passed or not. */
  close?: (store: Store) => unknown
}

/**
 * Holds a store to the contract of `TokenStore`, its races included. Every check asks `createStore` for a store;
 * that may be one store or database for all, because every check uses random ids and subjects.
 * @param test registers one check under a name; a check fails by a rejection, mostly an AssertionError of `node:assert`.
 * @param createStore a store whose clock is the wall clock.
 */
export function testStore<Store extends TokenStore> (
  test: TestFunction,
  createStore: () => Store | Promise<Store>,
  options: TestStoreOptions<Store> = {}
): void {
  const checks = { ...recordChecks, ...rotationChecks, ...endingChecks, ...subjectChecks }
  for (const [name, check] of Object.entries(checks)) {
    test(name, async () => {
      const store = await createStore()
      try {
        await check(store)
      } finally {
        await options.close?.(store)
      }
    })
  }
}
