import { describe, expect, test } from 'tstyche'
import type { AccessTokenClaims, HostClaims, JwtRefreshOptions, LoginClaims } from './index.ts'

// A host writes `declare module 'fastify-jwt-refresh'`; test/types.test.ts checks that such a declaration has the same effect.
declare module './claims.ts' {
  interface Claims {
    role: 'admin' | 'user'
    tenant?: string
    groups: string[]
    address: { city: string }
  }
}

declare const claims: AccessTokenClaims
declare function login (claims: LoginClaims): void
declare function register (options: JwtRefreshOptions): void

const complete = { sub: '1', role: 'user' as const, groups: ['a'], address: { city: 'Rome' } }

describe('with claims of the host', () => {
  test('they are typed, beside the registered ones', () => {
    expect(claims.role).type.toBe<'admin' | 'user'>()
    expect(claims.tenant).type.toBe<string | undefined>()
    expect(claims.sub).type.toBe<string>()
    expect(claims.sid).type.toBe<string>()
    expect<keyof HostClaims>().type.toBe<'role' | 'tenant' | 'groups' | 'address'>()
    expect(claims).type.not.toHaveProperty('rôle')
  })

  test('they are read-only all the way down, because they are frozen', () => {
    expect(claims.groups).type.toBe<readonly string[]>()
    expect(claims.address).type.toBe<{ readonly city: string }>()
    expect(() => { claims.role = 'admin' }).type.toRaiseError('read-only property')
    expect(() => { claims.address.city = 'Paris' }).type.toRaiseError('read-only property')
    expect(() => claims.groups.push('root')).type.toRaiseError("'push' does not exist")
  })

  test('a login needs them, and the subject', () => {
    expect(login).type.toBeCallableWith(complete)
    expect(login).type.toBeCallableWith({ ...complete, tenant: 't' })
    expect(login).type.not.toBeCallableWith({ sub: '1', role: 'user' })
    expect(login).type.not.toBeCallableWith({ ...complete, sub: undefined })
    expect(login).type.not.toBeCallableWith({ ...complete, role: 'root' })
    expect(login).type.not.toBeCallableWith({ sub: '1', role: 'user', groups: ['a'], address: { city: 'Rome' }, rôle: 'user' })
  })

  test('the claims option returns them', () => {
    expect(register).type.toBeCallableWith({ secret: 's', claims: () => complete })
    expect(register).type.toBeCallableWith({ secret: 's', claims: async () => complete })
    expect(register).type.toBeCallableWith({ secret: 's', claims: () => null })
    expect(register).type.not.toBeCallableWith({ secret: 's', claims: () => ({ sub: '1' }) })
  })
})
