import { expect, test } from 'tstyche'
import type {
  AnyRequest, DiagnosticsMessage, EndedEvent, IssuedEvent, JwtRefreshEvent, JwtRefreshOptions, Operation, RecoveredEvent, RefreshCase,
  RefreshedEvent, RefusedEvent, RefusedReason, ReusedEvent, UnavailableEvent
} from './index.ts'

declare const event: JwtRefreshEvent

test('the union is told apart by its type', () => {
  expect<JwtRefreshEvent['type']>().type.toBe<'issued' | 'refreshed' | 'reused' | 'recovered' | 'ended' | 'refused' | 'unavailable'>()
  switch (event.type) {
    case 'issued': return expect(event).type.toBe<IssuedEvent>()
    case 'refreshed': return expect(event).type.toBe<RefreshedEvent>()
    case 'reused': return expect(event).type.toBe<ReusedEvent>()
    case 'recovered': return expect(event).type.toBe<RecoveredEvent>()
    case 'ended': return expect(event).type.toBe<EndedEvent>()
    case 'refused': return expect(event).type.toBe<RefusedEvent>()
    case 'unavailable': return expect(event).type.toBe<UnavailableEvent>()
    default: return expect(event).type.toBeAssignableTo<never>()
  }
})

test('what each says', () => {
  expect<IssuedEvent>().type.toBe<{ type: 'issued', key?: string, sessionId: string, subject: string }>()
  expect<RefreshedEvent>().type.toBe<{ type: 'refreshed', sessionId: string, subject: string, generation: number, case: RefreshCase, rotated: boolean }>()
  expect<ReusedEvent>().type.toBe<{ type: 'reused', sessionId: string, subject: string, generation: number, expected: number, key?: string }>()
  expect<RecoveredEvent>().type.toBe<{ type: 'recovered', sessionId: string, subject: string, generation: number, expected: number }>()
  expect<EndedEvent>().type.toBe<{ type: 'ended', reason: 'logout' | 'revoked' | 'claims' | 'replaced' | 'limit', subject?: string, sessionId?: string, count: number, key?: string }>()
  expect<RefusedEvent>().type.toBe<{ type: 'refused', operation: Operation | 'access', reason: RefusedReason, sessionId?: string, subject?: string }>()
  expect<UnavailableEvent>().type.toBe<{ type: 'unavailable', operation: Operation, cause: unknown, ms: number }>()
  expect<Operation>().type.toBe<'login' | 'refresh' | 'logout' | 'session'>()
  expect<RefreshCase>().type.toBe<'confirm' | 'young' | 'retry' | 'static'>()
  expect<RefusedReason>().type.toBe<'malformed' | 'signature' | 'type' | 'unknown key' | 'issuer' | 'audience' | 'not yet valid' |
    'missing' | 'ambiguous' | 'several subjects' | 'cross-site' | 'proof' | 'expired' | 'revoked'>()
})

test('nothing can be read before the type is known', () => {
  expect(event).type.not.toHaveProperty('generation')
  expect(event).type.not.toHaveProperty('count')
  expect(event).type.not.toHaveProperty('sessionId')
})

test('onEvent', () => {
  expect<JwtRefreshOptions['onEvent']>().type.toBe<((event: JwtRefreshEvent, request: AnyRequest | null) => unknown) | undefined>()
})

test('a message of the diagnostics channel has no request that could be leaked', () => {
  expect<DiagnosticsMessage['request']>().type.toBe<{ id: string, method: string, route: string | null, ip?: string, userAgent?: string } | null>()
})
