import { describe, expect, test } from 'tstyche'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import type {
  AccessCookieOptions, AccessTokenClaims, AccessTokenOptions, AdoptedToken, Algorithm, AnyRequest, CookieOptions, DecoratorName, DeviceBoundOptions, DpopOptions, Duration, JwtRefreshOptions, KeyPair, LoginClaims,
  RefreshTokenOptions, RouteOption, RoutesOptions, Secret, Session, Transport
} from './index.ts'

declare function register (options: JwtRefreshOptions): void
declare const environment: string | undefined

test('the names', () => {
  expect<keyof JwtRefreshOptions>().type.toBe<
    'secret' | 'accessToken' | 'refreshToken' | 'cookie' | 'claims' | 'adopt' | 'metadata' | 'maxSessionsPerSubject' | 'store' | 'storeTimeout' | 'sweepInterval' | 'trustedOrigins' | 'publicUrl' | 'dpop' | 'deviceBound' | 'prefix' | 'routes' |
    'decorators' | 'onEvent' | 'now' | 'logLevel' | 'logSerializers'
  >()
  expect(register).type.not.toBeCallableWith({ secret: 's', acessToken: {} })
  expect<FastifyPluginAsync<JwtRefreshOptions>>().type.toBeAssignableTo<FastifyPluginAsync<{ secret: string }>>()
})

test('dpop', () => {
  expect<JwtRefreshOptions['dpop']>().type.toBe<DpopOptions | undefined>()
  expect(register).type.toBeCallableWith({ secret: 's', dpop: {} })
  expect(register).type.toBeCallableWith({ secret: 's', dpop: { mode: 'required', bind: 'all', nonce: true, window: '60s' } })
  expect(register).type.not.toBeCallableWith({ secret: 's', dpop: { bind: 'access' } })
  expect(register).type.not.toBeCallableWith({ secret: 's', dpop: true })
})

test('deviceBound', () => {
  expect<JwtRefreshOptions['deviceBound']>().type.toBe<boolean | DeviceBoundOptions | undefined>()
  expect<keyof DeviceBoundOptions>().type.toBe<'lifetime' | 'cookieName'>()
  expect(register).type.toBeCallableWith({ secret: 's', deviceBound: true })
  expect(register).type.toBeCallableWith({ secret: 's', deviceBound: {} })
  expect(register).type.toBeCallableWith({ secret: 's', deviceBound: { lifetime: '5m', cookieName: '__Host-bound' } })
  expect(register).type.toBeCallableWith({ secret: 's', deviceBound: environment !== undefined && { lifetime: 300 } })
  expect(register).type.not.toBeCallableWith({ secret: 's', deviceBound: 'yes' })
  expect(register).type.not.toBeCallableWith({ secret: 's', deviceBound: { lifeTime: '5m' } })
})

describe('secret', () => {
  test('its type', () => {
    expect<JwtRefreshOptions['secret']>().type.toBe<Secret | Secret[] | undefined>()
    expect<Secret>().type.toBe<string | Buffer | KeyPair>()
    expect<KeyPair>().type.toBe<{ private?: string | Buffer | undefined, public: string | Buffer }>()
  })

  test('must be given, though what is given may turn out to be undefined', () => {
    expect(register).type.not.toBeCallableWith({})
    expect(register).type.not.toBeCallableWith()
    expect(register).type.toBeCallableWith({ secret: process.env.AUTH_SECRET })
    expect(register).type.toBeCallableWith({ secret: { private: environment, public: 'pem' } })
    expect(register).type.toBeCallableWith({ secret: ['new', Buffer.from('old'), { public: 'pem' }] })
  })

  test('is nothing else', () => {
    expect(register).type.not.toBeCallableWith({ secret: null })
    expect(register).type.not.toBeCallableWith({ secret: 1 })
    expect(register).type.not.toBeCallableWith({ secret: { private: 'pem' } })
    expect(register).type.not.toBeCallableWith({ secret: { public: 'pem', passphrase: 'p' } })
    expect(register).type.not.toBeCallableWith({ secret: ['new', environment] })
    expect(register).type.not.toBeCallableWith({ secret: async () => 's' })
  })
})

test('accessToken', () => {
  expect<AccessTokenOptions>().type.toBe<{
    expiresIn?: Duration | undefined
    issuer?: string | undefined
    audience?: string | string[] | undefined
    algorithm?: Algorithm | undefined
    clientId?: string | undefined
    clockTolerance?: Duration | undefined
    cache?: number | boolean | undefined
    extract?: ((request: AnyRequest) => string | null | undefined) | undefined
    transport?: Transport | 'both' | undefined
    cookie?: AccessCookieOptions | undefined
  }>()
  expect<Duration>().type.toBe<number | string>()
  expect<Algorithm>().type.toBe<'HS256' | 'RS256' | 'PS256' | 'ES256' | 'EdDSA'>()
  expect(register).type.toBeCallableWith({ secret: 's', accessToken: { expiresIn: environment, issuer: environment } })
  expect(register).type.not.toBeCallableWith({ secret: 's', accessToken: { expiresin: '5m' } })
  expect(register).type.not.toBeCallableWith({ secret: 's', accessToken: { extract: async () => 'token' } })
})

test('refreshToken', () => {
  expect<RefreshTokenOptions>().type.toBe<{
    expiresIn?: Duration | undefined
    maxAge?: Duration | undefined
    secret?: string | Buffer | Array<string | Buffer> | undefined
    rotation?: boolean | 'strict' | undefined
    overlap?: Duration | undefined
    retryWindow?: Duration | undefined
    recoveryWindow?: Duration | undefined
    transport?: 'cookie' | 'body' | 'both' | undefined
    extract?: ((request: AnyRequest) => string | null | undefined) | undefined
  }>()
  expect<Transport>().type.toBe<'cookie' | 'body'>()
  expect(register).type.not.toBeCallableWith({ secret: 's', refreshToken: { secret: { private: 'pem', public: 'pem' } } })
})

test('cookie: what would make it unsafe or contradict the other options is not offered', () => {
  expect<CookieOptions>().type.toBe<{
    name?: string | undefined
    path?: string | undefined
    domain?: string | undefined
    secure?: boolean | undefined
    sameSite?: 'strict' | 'lax' | 'none' | undefined
    partitioned?: boolean | undefined
  }>()
  expect(register).type.not.toBeCallableWith({ secret: 's', cookie: { httpOnly: false } })
  expect(register).type.not.toBeCallableWith({ secret: 's', cookie: { maxAge: 5 } })
})

describe('claims', () => {
  test('its type', () => {
    expect<NonNullable<JwtRefreshOptions['claims']>>().type.toBe<
      (session: Session, request: AnyRequest) => LoginClaims | null | Promise<LoginClaims | null>
    >()
  })

  test('synchronous, asynchronous, null', () => {
    expect(register).type.toBeCallableWith({ secret: 's', claims: ({ subject }: Session) => ({ sub: subject }) })
    expect(register).type.toBeCallableWith({ secret: 's', claims: async ({ subject }: Session) => ({ sub: subject, role: 'admin' }) })
    expect(register).type.toBeCallableWith({ secret: 's', claims: () => null })
    expect(register).type.toBeCallableWith({ secret: 's', claims: async (session: Session, request: AnyRequest) => request.ip === '' ? null : session.claims })
  })

  test('never undefined, which is a forgotten return', () => {
    expect(register).type.not.toBeCallableWith({ secret: 's', claims: () => undefined })
    expect(register).type.not.toBeCallableWith({ secret: 's', claims: async () => {} })
    expect(register).type.not.toBeCallableWith({ secret: 's', claims: () => ({ role: 'admin' }) })
  })
})

describe('adopt', () => {
  const markTradedIn = () => {}

  test('its type', () => {
    expect<AdoptedToken>().type.toBe<{
      claims: LoginClaims
      key: string
      authTime?: number | undefined
      tradedIn?: boolean | undefined
      markTradedIn?: (() => unknown) | undefined
    }>()
    expect<Parameters<NonNullable<JwtRefreshOptions['adopt']>>>().type.toBe<[request: AnyRequest]>()
  })

  test('synchronous, asynchronous, and nothing', () => {
    const adopted = { claims: { sub: 'user-1' }, key: '1', tradedIn: false, markTradedIn }
    expect(register).type.toBeCallableWith({ secret: 's', adopt: () => adopted })
    expect(register).type.toBeCallableWith({ secret: 's', adopt: () => ({ claims: { sub: 'user-1' }, key: '1' }) })
    expect(register).type.toBeCallableWith({ secret: 's', adopt: async (request: AnyRequest) => request.ip === '' ? null : adopted })
    expect(register).type.toBeCallableWith({ secret: 's', adopt: async () => undefined })
    expect(register).type.toBeCallableWith({ secret: 's', adopt: () => ({ ...adopted, authTime: 1, markTradedIn: async () => await Promise.resolve(1) }) })
  })

  test('never of another shape', () => {
    expect(register).type.not.toBeCallableWith({ secret: 's', adopt: () => ({ claims: { sub: 'user-1' }, key: 1, tradedIn: false, markTradedIn }) })
    expect(register).type.not.toBeCallableWith({ secret: 's', adopt: () => ({ claims: {}, key: '1', tradedIn: false, markTradedIn }) })
    expect(register).type.not.toBeCallableWith({ secret: 's', adopt: true })
  })
})

test('the request of the callbacks', () => {
  expect<AnyRequest['headers']>().type.toBe<IncomingHttpHeaders>()
  expect<AnyRequest['log']>().type.toBe<FastifyBaseLogger>()
  expect<AnyRequest['body']>().type.toBe<unknown>()
  expect<AnyRequest['query']>().type.toBe<unknown>()
  expect<AnyRequest['user']>().type.toBe<AccessTokenClaims>()
  expect<FastifyRequest>().type.toBeAssignableTo<AnyRequest>()
  expect<FastifyRequest<object, Http2SecureServer>>().type.toBeAssignableTo<AnyRequest>()
  expect<AnyRequest>().type.toBeAssignableTo<FastifyRequest>()
  expect<AnyRequest>().type.toBeAssignableTo<FastifyRequest<object, Http2SecureServer>>()
})

test('metadata, maxSessionsPerSubject', () => {
  expect(register).type.toBeCallableWith({ secret: 's', metadata: false, maxSessionsPerSubject: Infinity })
  expect(register).type.toBeCallableWith({ secret: 's', metadata: (request: AnyRequest) => request.ip !== '' && { ip: request.ip } })
  expect(register).type.not.toBeCallableWith({ secret: 's', metadata: true })
  expect(register).type.not.toBeCallableWith({ secret: 's', metadata: async () => ({}) })
})

test('store, storeTimeout, sweepInterval, trustedOrigins, publicUrl, now', () => {
  expect<JwtRefreshOptions['sweepInterval']>().type.toBe<Duration | false | undefined>()
  expect<JwtRefreshOptions['storeTimeout']>().type.toBe<Duration | undefined>()
  expect<JwtRefreshOptions['trustedOrigins']>().type.toBe<string[] | undefined>()
  expect<JwtRefreshOptions['publicUrl']>().type.toBe<string | undefined>()
  expect<JwtRefreshOptions['now']>().type.toBe<(() => number) | undefined>()
  expect(register).type.not.toBeCallableWith({ secret: 's', store: new Map() })
  expect(register).type.not.toBeCallableWith({ secret: 's', now: () => new Date() })
})

test('routes: the method, the address and the handler are ours', () => {
  expect<keyof RoutesOptions>().type.toBe<'refresh' | 'logout' | 'sessions' | 'jwks'>()
  expect<RoutesOptions[Exclude<keyof RoutesOptions, 'sessions'>]>().type.toBe<RouteOption | undefined>()
  expect(register).type.toBeCallableWith({ secret: 's', routes: { sessions: { requireRecentLogin: '10m', logLevel: 'warn' } } })
  expect(register).type.not.toBeCallableWith({ secret: 's', routes: { logout: { requireRecentLogin: '10m' } } })
  expect<RouteOption>().type.toBeAssignableFrom<boolean | '/path' | { path: '/path', bodyLimit: 10 }>()
  expect(register).type.toBeCallableWith({ secret: 's', routes: { refresh: false, logout: '/leave', sessions: { path: '/devices', logLevel: 'warn' } } })
  expect(register).type.not.toBeCallableWith({ secret: 's', routes: { refresh: { method: 'GET' } } })
  expect(register).type.not.toBeCallableWith({ secret: 's', routes: { refresh: { url: '/token' } } })
  expect(register).type.not.toBeCallableWith({ secret: 's', routes: { refresh: { handler: () => 'mine' } } })
  expect(register).type.not.toBeCallableWith({ secret: 's', routes: { token: true } })
})

test('decorators', () => {
  expect<NonNullable<JwtRefreshOptions['decorators']>>().type.toBe<{ [Name in DecoratorName]?: string | undefined }>()
  expect(register).type.toBeCallableWith({ secret: 's', decorators: { authenticate: 'verifyUser', tokens: environment } })
  expect(register).type.not.toBeCallableWith({ secret: 's', decorators: { user: 'account' } })
})
