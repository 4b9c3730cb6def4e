import { expect, test } from 'tstyche'
import type { AnyRequest, DiagnosticsMessage, EndedEvent, IssuedEvent, JwtRefreshEvent, JwtRefreshOptions, RecoveredEvent, RefreshedEvent, ReusedEvent } from './index.ts'

declare const event: JwtRefreshEvent

test('the union is told apart by its type', () => {
  expect<JwtRefreshEvent['type']>().type.toBe<'issued' | 'refreshed' | 'reused' | 'recovered' | 'ended'>()
  switch (event.type) {
    case 'issued': return expect(event).type.toBe<IssuedEvent>()
    case 'refreshed': return expect(event).type.toBe<RefreshedEvent>()
    case 'reused': return expect(event).type.toBe<ReusedEvent>()
    case 'recovered': return expect(event).type.toBe<RecoveredEvent>()
    case 'ended': return expect(event).type.toBe<EndedEvent>()
    default: return expect(event).type.toBeAssignableTo<never>()
  }
})

test('what each says', () => {
  expect<IssuedEvent>().type.toBe<{ type: 'issued', sessionId: string, subject: string }>()
  expect<RefreshedEvent>().type.toBe<{ type: 'refreshed', sessionId: string, subject: string, generation: number, rotated: boolean }>()
  expect<ReusedEvent>().type.toBe<{ type: 'reused', sessionId: string, subject: string, generation: number, expected: number }>()
  expect<RecoveredEvent>().type.toBe<{ type: 'recovered', sessionId: string, subject: string, generation: number, expected: number }>()
  expect<EndedEvent>().type.toBe<{ type: 'ended', reason: 'logout' | 'revoked' | 'claims' | 'replaced', subject?: string, sessionId?: string, count: number }>()
})

test('nothing can be read before the type is known', () => {
  expect(event).type.not.toHaveProperty('generation')
  expect(event).type.not.toHaveProperty('count')
  expect(event.sessionId).type.toBe<string | undefined>()
})

test('onEvent', () => {
  expect<JwtRefreshOptions['onEvent']>().type.toBe<((event: JwtRefreshEvent, request: AnyRequest | null) => unknown) | undefined>()
})

test('a message of the diagnostics channel has no request that could be leaked', () => {
  expect<DiagnosticsMessage['request']>().type.toBe<{ id: string, method: string, route: string | null, ip?: string, userAgent?: string } | null>()
})
