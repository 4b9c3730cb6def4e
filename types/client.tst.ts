import { expect, test } from 'tstyche'
import { createAuthClient } from '../lib/client/index.ts'
import type { AuthClient, AuthSnapshot } from '../lib/client/index.ts'

interface Claims { role: 'admin' | 'user' }

test('a client with claims of an interface is an AuthClient', () => {
  expect<AuthClient<Claims>>().type.toBeAssignableTo<AuthClient>()
  expect<AuthSnapshot<Claims>>().type.toBeAssignableTo<AuthSnapshot>()
  expect(createAuthClient<Claims>()).type.toBe<AuthClient<Claims>>()
})

test('claims that nobody has described are unknown', () => {
  expect(createAuthClient().getSnapshot().claims!.role).type.toBe<unknown>()
  expect(createAuthClient<Claims>().getSnapshot().claims!.role).type.toBe<'admin' | 'user'>()
  expect(createAuthClient<Claims>().getSnapshot().claims!.sub).type.toBe<string | undefined>()
})
