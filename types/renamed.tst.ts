import { expect, test } from 'tstyche'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AsyncHook, AuthenticateHook, ReplyDecorators, Sessions, TokenResponse } from './index.ts'

declare module './decorators.ts' {
  interface DecoratorNames {
    authenticate: 'verifyUser'
    sessions: 'logins'
    issueTokens: 'startSession'
    tokens: 'newTokens'
    user: never
  }
}

declare const app: FastifyInstance
declare const reply: FastifyReply
declare const request: FastifyRequest

test('a new name takes the place of the old one', () => {
  expect(app.verifyUser).type.toBe<AuthenticateHook>()
  expect(app).type.not.toHaveProperty('authenticate')
  expect(app.logins).type.toBe<Sessions>()
  expect(app).type.not.toHaveProperty('sessions')
  expect(reply.startSession).type.toBe<ReplyDecorators['issueTokens']>()
  expect(reply).type.not.toHaveProperty('issueTokens')
  expect(reply.newTokens).type.toBe<TokenResponse | null>()
  expect(reply).type.not.toHaveProperty('tokens')
})

test('a name that was not changed stays', () => {
  expect(app.refresh).type.toBe<AsyncHook>()
  expect(app.requireSession).type.toBe<AsyncHook>()
  expect(reply).type.toHaveProperty('revokeTokens')
})

test('the user is left to the host', () => {
  expect(request).type.not.toHaveProperty('user')
})
