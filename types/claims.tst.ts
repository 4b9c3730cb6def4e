import { describe, expect, test } from 'tstyche'
import type { AccessTokenClaims, Claims, HostClaims, LoginClaims, RegisteredClaims } from './index.ts'

declare const claims: AccessTokenClaims
declare function login (claims: LoginClaims): void

describe('without claims of the host', () => {
  test('the registered ones are there', () => {
    expect(claims.sub).type.toBe<string>()
    expect(claims.sid).type.toBe<string>()
    expect(claims.iat).type.toBe<number>()
    expect(claims.exp).type.toBe<number>()
    expect(claims.iss).type.toBe<string | undefined>()
    expect(claims.aud).type.toBe<string | readonly string[] | undefined>()
    expect(claims.jti).type.toBe<string | undefined>()
    expect(claims.auth_time).type.toBe<number | undefined>()
    expect(claims.client_id).type.toBe<string | undefined>()
    expect<keyof RegisteredClaims>().type.toBe<'sub' | 'sid' | 'iat' | 'exp' | 'iss' | 'aud' | 'jti' | 'auth_time' | 'client_id' | 'cnf'>()
    expect<keyof Claims>().type.toBe<never>()
  })

  test('any other is unknown', () => {
    expect<HostClaims>().type.toBe<{ [claim: string]: unknown }>()
    expect(claims.role).type.toBe<unknown>()
    expect(claims.role).type.not.toBeAssignableTo<string>()
  })

  test('none can be written', () => {
    expect(() => { claims.sub = 'x' }).type.toRaiseError('read-only property')
    expect(() => { claims.exp = 0 }).type.toRaiseError('read-only property')
    expect(() => { claims.role = 'x' }).type.toRaiseError('only permits reading')
  })

  test('a login needs a subject, and takes anything else', () => {
    expect(login).type.toBeCallableWith({ sub: '1' })
    expect(login).type.toBeCallableWith({ sub: '1', role: 'admin', groups: ['a'] })
    expect(login).type.not.toBeCallableWith({})
    expect(login).type.not.toBeCallableWith({ role: 'admin' })
    expect(login).type.not.toBeCallableWith({ sub: 1 })
    expect(login).type.not.toBeCallableWith({ sub: undefined })
    expect(login).type.not.toBeCallableWith('1')
  })
})
