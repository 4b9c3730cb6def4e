import { describe, expect, test } from 'tstyche'
import type { JwtRefreshOptions, Rotation, Session, SessionClaims, SessionMetadata, TokenStore } from './index.ts'

test('a session', () => {
  expect<Session>().type.toBe<{
    id: string,
    subject: string,
    generation: number,
    current: string,
    createdAt: number,
    rotatedAt: number,
    expiresAt: number,
    endsAt: number,
    boundTo: string | null,
    claims: SessionClaims,
    metadata: SessionMetadata
  }>()
  expect<SessionClaims>().type.toBe<{ sub: string, [claim: string]: unknown }>()
  expect<SessionMetadata>().type.toBe<{ userAgent?: string | null, ip?: string | null, [key: string]: unknown }>()
})

test('a rotation writes nothing but these, which a session has; a session may be bound to nothing', () => {
  expect<Rotation>().type.toBe<{ generation: number, current: string, rotatedAt: number, expiresAt: number, boundTo?: string }>()
  expect<Session & { boundTo: string }>().type.toBeAssignableTo<Rotation>()
  expect<Session & Rotation>().type.toBeAssignableTo<Session>()
})

test('the methods of a store', () => {
  expect<TokenStore>().type.toBe<{
    create (session: Session): Promise<void>
    find (id: string): Promise<Session | null>
    rotate (id: string, expected: string, next: Rotation, now: number): Promise<Session | null>
    delete (id: string, expected?: string): Promise<boolean>
    list (subject: string): Promise<Session[]>
    deleteAll (subject: string, exceptId?: string): Promise<number>
    useClock? (now: () => number): void
    sweep? (): unknown
    close? (): void | Promise<void>
  }>()
  expect<JwtRefreshOptions['store']>().type.toBe<TokenStore | undefined>()
})

describe('a store of the host', () => {
  class HostStore implements TokenStore {
    async create (_session: Session): Promise<void> {}
    async find (_id: string): Promise<Session | null> { return null }
    async rotate (_id: string, _expected: string, _next: Rotation, _now: number): Promise<Session | null> { return null }
    async delete (_id: string, _expected?: string): Promise<boolean> { return false }
    async list (_subject: string): Promise<Session[]> { return [] }
    async deleteAll (_subject: string, _exceptId?: string): Promise<number> { return 0 }
  }

  test('is taken, with more methods of its own too', () => {
    expect<HostStore>().type.toBeAssignableTo<TokenStore>()
    expect<HostStore & { close (): Promise<void>, migrate (): Promise<void> }>().type.toBeAssignableTo<TokenStore>()
  })

  test('is refused where a method is missing or answers something else', () => {
    expect<Omit<HostStore, 'rotate'>>().type.not.toBeAssignableTo<TokenStore>()
    expect<Omit<HostStore, 'find'> & { find (id: string): Promise<Session | undefined> }>().type.not.toBeAssignableTo<TokenStore>()
    expect<Omit<HostStore, 'find'> & { find (id: string): Session | null }>().type.not.toBeAssignableTo<TokenStore>()
    expect<Omit<HostStore, 'delete'> & { delete (id: string): Promise<void> }>().type.not.toBeAssignableTo<TokenStore>()
    expect<Omit<HostStore, 'deleteAll'> & { deleteAll (subject: string): Promise<void> }>().type.not.toBeAssignableTo<TokenStore>()
    expect<Map<string, Session>>().type.not.toBeAssignableTo<TokenStore>()
  })
})
