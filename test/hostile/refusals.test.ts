import { generateKeyPairSync } from 'node:crypto'
import { Writable } from 'node:stream'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { JwtRefreshOptions } from '../../index.ts'
import { MINUTE, SECOND, SECRET, START } from '../fixtures/app.ts'
import { createHostileApp, kindsOf, refreshWith, REFRESH_SECRET } from '../fixtures/hostile-app.ts'
import type { HostileApp } from '../fixtures/hostile-app.ts'
import { pair } from '../fixtures/hostile-options.ts'
import { respelled, sign } from '../fixtures/hostile-tokens.ts'
import type { Kind } from '../fixtures/hostile-tokens.ts'
import { headerOf, payloadOf } from '../fixtures/jwt.ts'

type Rows = Array<readonly [what: string, token: string, reason: string]>

const OPTIONS = { accessToken: { issuer: 'https://issuer.example', audience: ['api', 'admin'] } }

/** The reasons to refuse a token of either kind. */
function common ({ genuine, other }: Kind): Rows {
  const [header, payload, signature] = genuine.split('.') as [string, string, string]
  const at = (text: string, index: number): string => text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)
  return [
    ['no token', 'x', 'malformed'],
    ['a header alone', `${header}x`, 'malformed'],
    ['two parts', `${header.slice(1)}.${payload}`, 'malformed'],
    ['no signature', `${header}.${payload}.`, 'signature'],
    ['another signature', `${header}.${payload}.${at(signature, 9)}`, 'signature'],
    ['another spelling of the signature', respelled(genuine)[0] ?? `${genuine}A`, 'signature'],
    ['a changed payload', `${header}.${Buffer.from(JSON.stringify({ ...payloadOf(genuine), sub: 'admin' })).toString('base64url')}.${signature}`, 'signature'],
    ['the other kind of token', other, 'type']
  ]
}

/** Refusals of tokens that are signed with the real key. */
function signed ({ genuine, key }: Kind): Rows {
  const [header, payload] = [headerOf(genuine), payloadOf(genuine)]
  return [
    ['another type', sign({ ...header, typ: 'JWT' }, payload, key), 'type'],
    ['a key that is not ours', sign({ ...header, kid: 'theirs' }, payload, key), 'unknown key'],
    ['no key id', sign({ ...header, kid: undefined }, payload, key), 'unknown key'],
    ['another algorithm', sign({ ...header, alg: 'HS512' }, payload, key, 'sha512'), 'signature'],
    ['crit', sign({ ...header, crit: ['exp'] }, payload, key), 'malformed'],
    ['an end that is no date', sign(header, { ...payload, exp: 'never' }, key), 'malformed'],
    ['no subject', sign(header, { ...payload, sub: undefined }, key), 'malformed'],
    ['a header that we do not write', sign({ ...header, x: 1 }, { ...payload, sid: 1 }, key), 'malformed']
  ]
}

function accessRows (kind: Kind): Rows {
  const [header, payload] = [headerOf(kind.genuine), payloadOf(kind.genuine)]
  return [
    ['another issuer', sign(header, { ...payload, iss: 'https://other.example' }, kind.key), 'issuer'],
    ['no issuer', sign(header, { ...payload, iss: undefined }, kind.key), 'issuer'],
    ['another audience', sign(header, { ...payload, aud: 'other' }, kind.key), 'audience'],
    ['no audience', sign(header, { ...payload, aud: undefined }, kind.key), 'audience'],
    ['not yet', sign(header, { ...payload, nbf: START / SECOND + 60 }, kind.key), 'not yet valid'],
    ['no more', sign(header, { ...payload, exp: START / SECOND }, kind.key), 'expired']
  ]
}

interface Watched extends HostileApp {
  /** Sends each token, and checks the reason that the app receives. */
  saysWhy (rows: Rows, requestOf: (token: string) => InjectOptions, operation: 'access' | 'refresh', line: string): Promise<void>
}

async function createWatchedApp (t: Test, options: Partial<JwtRefreshOptions> = {}): Promise<Watched> {
  const app = await createHostileApp(t, options)
  let cause: unknown
  app.app.setErrorHandler((error: Error, _request, reply) => {
    cause = error.cause
    return reply.code(418).send()
  })
  app.app.post('/renew', { preHandler: [app.app.refresh] }, async (_request, reply) => reply.tokens) // the plugin's own routes keep the old handler

  return {
    ...app,
    async saysWhy (rows, requestOf, operation, line) {
      for (const [what, token, reason] of rows) {
        app.forget()
        app.events.length = 0
        cause = undefined
        t.equal((await app.send(requestOf(token))).statusCode, 418, what)
        t.match(cause, Error)
        t.equal((cause as Error).message, reason, `${what}: the cause`)
        const lines = app.logged().split('\n').filter((one) => one.startsWith('debug'))
        const fields = `operation: "${operation}", reason: "${reason}"`
        if (reason === 'expired') {
          t.strictSame(lines, [`debug { ${fields} } "an access token has expired"`], `${what}: the line`)
          t.strictSame(app.events, [], 'what every client sends once a quarter of an hour is no event')
        } else {
          t.strictSame(lines, [`debug { type: "refused", ${fields} } "${line}"`], `${what}: the line`)
          t.strictSame(app.events, [{ type: 'refused', operation, reason }], `${what}: the event`)
        }
      }
    }
  }
}

/** Without cookies that do not look like a refresh token: they count as missing. */
function inCookie (kind: Kind): Rows {
  return [...common(kind), ...signed(kind)].filter(([what]) => !['no token', 'a header alone', 'two parts'].includes(what))
}

const bearer = (token: string): InjectOptions => ({ url: '/me', headers: { authorization: `Bearer ${token}` } })

t.test('an access token that is refused says why: in the cause of the error, in a debug line and in an event', async (t) => {
  const { login, saysWhy } = await createWatchedApp(t, OPTIONS)
  const { access } = kindsOf(await login())
  await saysWhy([...common(access), ...signed(access), ...accessRows(access)], bearer, 'access', 'refused an access token')
})

t.test('so does one of a key pair', async (t) => {
  const { login, saysWhy } = await createWatchedApp(t, { secret: pair(generateKeyPairSync('ec', { namedCurve: 'P-256' })) })
  const { access } = kindsOf(await login())
  await saysWhy(common(access), bearer, 'access', 'refused an access token')
})

t.test('so does a refresh token', async (t) => {
  const { login, saysWhy } = await createWatchedApp(t)
  const { refresh } = kindsOf(await login())
  await saysWhy(inCookie(refresh), (token) => ({ ...refreshWith(token), url: '/renew' }), 'refresh', 'refused a refresh')
})

t.test('what `extract` finds that is no text', async (t) => {
  const { saysWhy } = await createWatchedApp(t, { accessToken: { extract: (() => 7) as never } })
  await saysWhy([['a number', '', 'malformed']], bearer, 'access', 'refused an access token')
})

t.test('a missing token is no refusal, and a good one says nothing', async (t) => {
  const app = await createHostileApp(t)
  const tab = await app.login()
  app.forget()
  await app.send({ url: '/me' })
  await tab.me()
  app.clock.now += MINUTE
  await tab.refresh()
  t.notMatch(app.logged(), /refused/)
})

t.test('the answer does not tell the caller', async (t) => {
  const { send, login } = await createHostileApp(t, OPTIONS)
  const { access, refresh } = kindsOf(await login())
  for (const [what, token] of [...common(access), ...signed(access), ...accessRows(access).slice(0, -1)]) {
    t.match((await send(bearer(token))).json(), { code: 'FST_JWT_ACCESS_TOKEN_INVALID', message: /^The access token is invalid$/ }, what)
  }
  for (const [what, token] of inCookie(refresh)) {
    t.match((await send(refreshWith(token))).json(), { code: 'FST_JWT_REFRESH_TOKEN_INVALID', message: /^The refresh token is invalid$/ }, what)
  }
})

t.test('no line at a level above debug, with pino', async (t) => {
  for (const [level, isThere] of [['debug', true], ['info', false]] as const) {
    let lines = ''
    const stream = new Writable({ write (chunk, _encoding, done) { lines += String(chunk); done() } })
    const { login, send } = await createHostileApp(t, {}, { logger: { level, stream }, loggerInstance: undefined as never })
    const { access, refresh } = kindsOf(await login())
    await send(bearer(`${access.genuine}x`))
    await send(refreshWith(`${refresh.genuine}x`))
    t.equal(lines.includes('"msg":"refused an access token"'), isThere, level)
    t.equal(lines.includes('"msg":"refused a refresh"'), isThere, level)
    t.notMatch(lines, access.genuine)
    t.notMatch(lines, refresh.genuine)
    t.notMatch(lines, [SECRET, REFRESH_SECRET])
  }
})
