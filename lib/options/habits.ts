import type { Habits } from '../checks/fields.ts'

// Options of @fastify/jwt, fast-jwt, jsonwebtoken and @fastify/cookie, and their equivalents here.

const claimsOfOurs = 'give accessToken: { expiresIn, issuer, audience, algorithm }'

/** At the top level of the options. */
export const TOP_HABITS: Habits = new Map([
  ['sign', claimsOfOurs],
  ['signOptions', claimsOfOurs],
  ['verify', 'give accessToken: { issuer, audience, clockTolerance, extract }'],
  ['verifyOptions', 'give accessToken: { issuer, audience, clockTolerance, extract }'],
  ['decode', 'leave it out, since no token is read that is not verified'],
  ['expiresIn', 'give accessToken: { expiresIn } or refreshToken: { expiresIn }'],
  ['maxAge', 'give refreshToken: { maxAge }'],
  ['issuer', 'give accessToken: { issuer }'],
  ['audience', 'give accessToken: { audience }'],
  ['algorithm', 'give accessToken: { algorithm }, or leave it out, since the key decides'],
  ['algorithms', 'give accessToken: { algorithm }, or leave it out, since the key decides'],
  ['clockTolerance', 'give accessToken: { clockTolerance }'],
  ['cache', 'give accessToken: { cache }'],
  ['extractToken', 'give accessToken: { extract }'],
  ['cookieName', 'give cookie: { name }'],
  ['secure', 'give cookie: { secure }'],
  ['httpOnly', 'leave it out, since the cookie always is'],
  ['sameSite', 'give cookie: { sameSite }'],
  ['domain', 'give cookie: { domain }'],
  ['path', 'give cookie: { path }, or prefix for the routes'],
  ['cookieOptions', 'give cookie'],
  ['rotation', 'give refreshToken: { rotation }'],
  ['overlap', 'give refreshToken: { overlap }'],
  ['transport', 'give refreshToken: { transport }'],
  ['accessTokenExpiresIn', 'give accessToken: { expiresIn }'],
  ['refreshTokenExpiresIn', 'give refreshToken: { expiresIn }'],
  ['refreshPath', 'give routes: { refresh }'],
  ['logoutPath', 'give routes: { logout }'],
  ['redis', 'give store: redisStore(client)'],
  ['key', 'give secret'],
  ['publicKey', 'give secret: { public }'],
  ['privateKey', 'give secret: { private, public }'],
  ['accessTokenSecret', 'give secret'],
  ['refreshSecret', 'give refreshToken: { secret }'],
  ['refreshTokenSecret', 'give refreshToken: { secret }'],
  ['namespace', 'give decorators, with another name for each of them'],
  ['decoratorName', 'leave it out, since the claims are always request.user'],
  ['jwtVerify', 'give decorators: { authenticate }'],
  ['jwtSign', 'give decorators: { issueTokens }'],
  ['jwtDecode', 'leave it out, since no token is read that is not verified'],
  ['formatUser', 'leave it out, and change request.user in a preHandler hook'],
  ['trusted', 'leave it out, and put app.requireSession after app.authenticate'],
  ['messages', 'leave it out, and choose messages by error.code in setErrorHandler']
])

/** In `accessToken`. */
export const ACCESS_TOKEN_HABITS: Habits = new Map([
  ['algorithms', 'give accessToken.algorithm, or leave it out, since the key decides'],
  ['allowedIss', 'give accessToken.issuer'],
  ['allowedAud', 'give accessToken.audience'],
  ['extractToken', 'give accessToken.extract'],
  ['maxAge', 'give accessToken.expiresIn'],
  ['cookieName', 'give accessToken: { transport: "cookie", cookie: { name } }'],
  ['secret', 'give secret beside accessToken'],
  ['key', 'give secret beside accessToken']
])

/** In `refreshToken`. */
export const REFRESH_TOKEN_HABITS: Habits = new Map([
  ['cookie', 'give cookie beside refreshToken'],
  ['cookieName', 'give cookie: { name } beside refreshToken']
])

const livesAsLong = 'leave it out, since the cookie lives as long as its session: see refreshToken.maxAge'

/** In `cookie`. */
export const COOKIE_HABITS: Habits = new Map([
  ['cookieName', 'give cookie.name'],
  ['signed', 'leave it out, since the token in the cookie is signed'],
  ['httpOnly', 'leave it out, since the cookie always is'],
  ['maxAge', livesAsLong],
  ['expires', livesAsLong]
])

const asTheOther = 'leave it out, since it is the same as in the option cookie'

/** In `accessToken.cookie`. */
export const ACCESS_COOKIE_HABITS: Habits = new Map([
  ['cookieName', 'give accessToken.cookie.name'],
  ['signed', 'leave it out, since the token in the cookie is signed'],
  ['httpOnly', 'leave it out, since the cookie always is'],
  ['secure', asTheOther],
  ['partitioned', asTheOther],
  ['maxAge', 'leave it out, since the cookie lives as long as its token: see accessToken.expiresIn'],
  ['expires', 'leave it out, since the cookie lives as long as its token: see accessToken.expiresIn']
])
