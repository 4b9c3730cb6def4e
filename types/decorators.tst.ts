import { describe, expect, test } from 'tstyche'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type {
  AccessTokenClaims, AsyncHook, AuthenticateHook, CreatedSession, CreateSessionOptions, DecoratorName, DecoratorNames, Duration, IssueTokensOptions, LoginClaims,
  RenewedAccessToken, RevokeAllOptions, RevokeTokensOptions, Session, SessionMetadata, Sessions, TokenResponse
} from './index.ts'

declare const app: FastifyInstance
declare const reply: FastifyReply
declare const request: FastifyRequest

test('the names are the ones that the decorators option takes', () => {
  expect<DecoratorName>().type.toBe<
    'authenticate' | 'authenticateOrRefresh' | 'refresh' | 'requireSession' | 'requireRecentLogin' | 'sessions' | 'verifyAccessToken' | 'issueTokens' | 'renewAccessToken' | 'revokeTokens' | 'tokens'
  >()
  expect<keyof DecoratorNames>().type.toBe<never>()
})

test('app', () => {
  expect(app.authenticate).type.toBe<AuthenticateHook>()
  expect(app.refresh).type.toBe<AsyncHook>()
  expect(app.requireSession).type.toBe<AsyncHook>()
  expect(app.sessions).type.toBe<Sessions>()
  expect(app.requireRecentLogin).type.toBe<(maxAge: Duration) => AuthenticateHook>()
  expect(app.verifyAccessToken).type.toBe<(token: string) => AccessTokenClaims>()
})

test('app has nothing of the private @fastify/jwt and @fastify/cookie', () => {
  expect(app).type.not.toHaveProperty('jwt')
  expect(app).type.not.toHaveProperty('serializeCookie')
  expect(request).type.not.toHaveProperty('cookies')
  expect(request).type.not.toHaveProperty('jwtVerify')
  expect(reply).type.not.toHaveProperty('setCookie')
})

test('app.sessions', () => {
  expect<keyof Sessions>().type.toBe<'create' | 'list' | 'find' | 'revoke' | 'revokeAll'>()
  expect(app.sessions.create).type.toBe<(claims: LoginClaims, options?: CreateSessionOptions) => Promise<CreatedSession>>()
  expect<CreatedSession['refreshToken']>().type.toBe<string>()
  expect(app.sessions.create).type.toBeCallableWith({ sub: '1' }, { metadata: { host: 'db-1' }, expiresIn: '1d', maxAge: 86_400, authTime: 1 })
  expect(app.sessions.create).type.not.toBeCallableWith({ sub: '1' }, { persistent: false })
  expect(app.sessions.create).type.not.toBeCallableWith({ sub: '1' }, { transport: 'body' })
  expect(app.sessions.list).type.toBe<(subject: string) => Promise<Session[]>>()
  expect(app.sessions.find).type.toBe<(id: string) => Promise<Session | null>>()
  expect(app.sessions.revoke).type.toBe<(id: string) => Promise<boolean>>()
  expect(app.sessions.revokeAll).type.toBe<(subject: string, options?: RevokeAllOptions) => Promise<number>>()
  expect(app.sessions.revokeAll).type.toBeCallableWith('1', { except: undefined })
  expect(app.sessions.revokeAll).type.not.toBeCallableWith('1', { exept: 'id' })
  expect(app.sessions.revokeAll).type.not.toBeCallableWith('1', 'id')
  expect(app.sessions.revokeAll).type.not.toBeCallableWith()
})

test('request.user', () => {
  expect(request.user).type.toBe<AccessTokenClaims>()
})

describe('reply', () => {
  test('issueTokens', () => {
    expect(reply.issueTokens).type.toBe<(claims: LoginClaims, options?: IssueTokensOptions) => Promise<TokenResponse>>()
    expect<IssueTokensOptions>().type.toBe<{
      transport?: 'cookie' | 'body' | undefined
      metadata?: SessionMetadata | undefined
      expiresIn?: Duration | undefined
      maxAge?: Duration | undefined
      persistent?: boolean | undefined
      authTime?: number | undefined
      endPrevious?: boolean | undefined
      crossSite?: boolean | undefined
    }>()
    expect(reply.issueTokens).type.toBeCallableWith({ sub: '1' }, { transport: 'body', metadata: { device: 'phone', userAgent: null } })
    expect(reply.issueTokens).type.not.toBeCallableWith()
    expect(reply.issueTokens).type.not.toBeCallableWith({ sub: '1' }, { transport: 'both' })
    expect(reply.issueTokens).type.not.toBeCallableWith({ sub: '1' }, { expireIn: '1h' })
    expect(reply.issueTokens).type.not.toBeCallableWith({ sub: '1' }, { authTime: new Date() })
    expect(reply.issueTokens).type.not.toBeCallableWith({ sub: '1' }, { metadata: { ip: 1 } })
  })

  test('its answer', () => {
    expect<TokenResponse>().type.toBe<{ accessToken: string, tokenType: 'Bearer' | 'DPoP', expiresIn: number, refreshToken?: string }>()
  })

  test('renewAccessToken', () => {
    expect(reply.renewAccessToken).type.toBe<(claims: LoginClaims) => Promise<RenewedAccessToken>>()
    expect<RenewedAccessToken>().type.toBe<{ accessToken: string, tokenType: 'Bearer' | 'DPoP', expiresIn: number }>()
    expect(reply.renewAccessToken).type.not.toBeCallableWith({ name: 'Anna' })
  })

  test('revokeTokens', () => {
    expect(reply.revokeTokens).type.toBe<(options?: RevokeTokensOptions) => Promise<void>>()
    expect(reply.revokeTokens).type.toBeCallableWith({ everywhere: true })
    expect(reply.revokeTokens).type.not.toBeCallableWith({ everywhere: 'yes' })
    expect(reply.revokeTokens).type.not.toBeCallableWith({ everyWhere: true })
  })

  test('tokens', () => {
    expect(reply.tokens).type.toBe<TokenResponse | null>()
  })
})
