import { AssertionError } from 'node:assert/strict'
import type { TokenStore } from '../../types/session.ts'
import { endingChecks } from './store-checks/endings.ts'
import { makeFor, makeFreely } from './store-checks/make.ts'
import { recordChecks } from './store-checks/records.ts'
import { rotationChecks } from './store-checks/rotation.ts'
import type { StoreCheck } from './store-checks/sample.ts'
import { subjectChecks } from './store-checks/subjects.ts'

/** `test` of node:test, tap, vitest, jest, …: it is called once for each check and may run the checks in any order. */
export type TestFunction = (name: string, fn: () => Promise<void>) => unknown

/** Options of `testStore`. */
export interface TestStoreOptions<Store extends TokenStore> {
  /** Called with each store after its check, whether the check passed or not. */
  close?: (store: Store) => unknown
  /**
   * Returns a subject that the store accepts and that no other check has, such as the id of a new user if there is a foreign key.
   * Default: random strings, in all languages.
   */
  subject?: (store: Store) => string | Promise<string>
}

/**
 * Tests a store against the contract of `TokenStore`, including races. Every check calls `createStore`, which may return the same
 * store every time or use the same database, because every check uses random ids and subjects.
 * @param test registers a check under a name. A check that fails rejects with an AssertionError of `node:assert`, whose message
 *   begins with the sentence of the contract that is broken, and then names the likely mistake.
 * @param createStore returns a store that uses the wall clock.
 */
export function testStore<Store extends TokenStore> (
  test: TestFunction,
  createStore: () => Store | Promise<Store>,
  { close, subject }: TestStoreOptions<Store> = {}
): void {
  const checks = { ...recordChecks, ...rotationChecks, ...endingChecks, ...subjectChecks }
  for (const [name, check] of Object.entries(checks)) {
    test(name, async () => {
      const store = await createStore()
      try {
        await check.run(store, subject === undefined ? makeFreely : makeFor(() => subject(store)))
      } catch (error) {
        throw brokenPromise(check, error)
      } finally {
        await close?.(store)
      }
    })
  }
}

function brokenPromise ({ sentence, mistake }: StoreCheck, cause: unknown): Error {
  const { actual, expected, operator } = cause instanceof AssertionError ? cause : {}
  const contract = `The contract of TokenStore says: ${sentence}`
  const message = [contract, `Perhaps ${mistake}.`, cause instanceof Error ? cause.message : String(cause)].join('\n')
  return Object.assign(new AssertionError({ message, actual, expected, operator }), { cause })
}
