import { expect, test } from 'tstyche'
import { createAuthClient } from '../lib/client/index.ts'
import type { AuthClient, AuthSnapshot } from '../lib/client/index.ts'
import { withDpop } from '../lib/client/dpop.ts'
import { createAuthClient as createNativeClient } from '../lib/client/native.ts'
import type { NativeAuthClient } from '../lib/client/native.ts'

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

test('a client that is bound to a key is the client that it wraps', () => {
  const refreshToken = { load: () => null, save: () => {} }
  const keys = { load: () => null, save: () => {} }
  expect(withDpop<Claims>(createAuthClient)).type.toBe<AuthClient<Claims>>()
  expect(withDpop(createAuthClient, { crossTab: 'strict', keys }).getSnapshot().claims!.role).type.toBe<unknown>()
  expect(withDpop<Claims>(createNativeClient, { baseUrl: 'https://api.example.com', refreshToken, keys })).type.toBe<NativeAuthClient<Claims>>()
  expect(withDpop).type.not.toBeCallableWith(createNativeClient, { baseUrl: 'https://api.example.com' })
  expect(withDpop).type.not.toBeCallableWith(createAuthClient, { refreshUrl: '/refresh' })
  expect(withDpop).type.not.toBeCallableWith(createAuthClient, { keys: { load: () => null } })
})
