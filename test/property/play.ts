import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import { refreshCookie, START } from '../fixtures/app.ts'
import type { TestApp } from '../fixtures/app.ts'
import { payloadOf } from '../fixtures/jwt.ts'
import type { MoodyStore } from './moody-store.ts'
import type { Step } from './program.ts'
import { accessEnd, isOutdated, lives, refresh, startSession, wholeSeconds } from './reference.ts'
import type { Access, Answer, Session, Token, Windows } from './reference.ts'

/** Runs the program over HTTP and in the reference implementation, and compares each result. */
export async function play (program: Step[], { app, clock, events, client }: TestApp, store: MoodyStore, windows: Windows): Promise<void> {
  const sessions: Session[] = []
  const access: Access[] = []
  const subjects = [randomUUID(), randomUUID()]
  const reused = (): number => events.filter(({ type }) => type === 'reused').length
  let expectedReuses = 0
  clock.now = START
  store.health = 'sound'
  events.length = 0
  for (const step of program) {
    await run(step)
    if (step.do !== 'store') store.health = 'sound'
  }
  assert.equal(reused(), expectedReuses, 'one reused event for each session that was ended for it')

  async function run (step: Step): Promise<void> {
    switch (step.do) {
      case 'wait':
        clock.now += step.milliseconds
        return
      case 'store':
        store.health = step.health
        return
      case 'login':
        return login(subjects[step.subject]!)
      case 'visit':
        if (access.length > 0) await visit(fromTheEnd(access, step.access))
        return
      case 'lose':
        if (sessions.length > 0) await lose(fromTheEnd(sessions, step.session), step.writes)
        return
      case 'refresh':
        if (sessions.length > 0) await refreshAtOnce(pick(step.session, step.back), step.times, step.lost)
        return
      case 'logout':
        if (sessions.length > 0) await logout(pick(step.session, step.back), step.everywhere)
    }
  }

  function pick (session: number, back: number): Token {
    return fromTheEnd(fromTheEnd(sessions, session).tokens, back)
  }

  async function login (subject: string): Promise<void> {
    const response = await app.inject({ method: 'POST', url: '/login', payload: { sub: subject } })
    if (store.health !== 'sound') return isUnavailable(response)
    assert.equal(response.statusCode, 200)
    const { sid } = payloadOf(response.json().accessToken) as { sid: string }
    const session = startSession(sid, subject, refreshCookie(response)!.value, clock.now)
    sessions.push(session)
    access.push({ session, text: response.json().accessToken, expiresAt: accessEnd(session, clock.now) })
  }

  async function refreshAtOnce (token: Token, times: number, lost: boolean): Promise<void> {
    const { session } = token
    const responses = await Promise.all(Array.from({ length: times }, () => client(token.text).refresh()))
    const expected = Array.from({ length: times }, () => refresh(token, clock.now, windows, store.health))
    const answers = responses.map(answerOf)
    assert.deepEqual(answers.toSorted(), expected.map((answer) => answer === 'reuse' ? 'revoked' : answer).toSorted(), `generation ${token.generation}`)
    expectedReuses += expected.filter((answer) => answer === 'reuse').length
    assert.equal(store.writes(session.id), session.kept.length, 'as many writes as the reference makes')

    for (const response of responses.filter(({ statusCode }) => statusCode === 200)) {
      access.push({ session, text: response.json().accessToken, expiresAt: accessEnd(session, clock.now) })
      const text = refreshCookie(response)?.value
      if (text === undefined) continue
      const child = { session, text, parent: token, generation: token.generation + 1, issuedAt: wholeSeconds(clock.now) }
      if (lost) session.tokens.unshift(child)
      else session.tokens.push(child)
    }
  }

  async function logout (token: Token, everywhere: boolean): Promise<void> {
    const { session } = token
    const response = await client(token.text).logout(everywhere ? { everywhere } : undefined)
    if (store.health !== 'sound') {
      if (store.health === 'deaf' && !everywhere) session.ended = true
      return isUnavailable(response)
    }
    if (everywhere && !lives(session, clock.now)) {
      assert.equal(response.statusCode, 403)
      return
    }
    if (everywhere && isOutdated(token)) {
      assert.equal(response.json().code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
      expectedReuses++
      session.ended = true
      return
    }
    assert.equal(response.statusCode, 204)
    for (const other of sessions) if (other === session || (everywhere && other.subject === session.subject)) other.ended = true
  }

  async function visit ({ session, text, expiresAt }: Access): Promise<void> {
    const headers = { authorization: `Bearer ${text}` }
    const me = await app.inject({ url: '/me', headers })
    const sensitive = await app.inject({ url: '/sensitive', headers })
    const expired = clock.now >= expiresAt
    assert.equal(me.statusCode, expired ? 401 : 200)
    if (!expired) assert.equal(me.json().sub, session.subject)
    if (expired) assert.equal(sensitive.json().code, 'FST_JWT_ACCESS_TOKEN_EXPIRED')
    else if (store.health !== 'sound') isUnavailable(sensitive)
    else assert.equal(sensitive.statusCode, lives(session, clock.now) ? 200 : 401)
  }

  async function lose (session: Session, writes: number): Promise<void> {
    if (!lives(session, clock.now) || session.kept.length <= writes) return
    session.kept.splice(-writes)
    await store.lose(session.id, writes)
  }
}

function fromTheEnd<Value> (values: Value[], back: number): Value {
  return values[values.length - 1 - back % values.length]!
}

/** Checks the parts that all responses have in common, and converts a response to a result of the reference. */
function answerOf (response: LightMyRequestResponse): Answer {
  const cookie = refreshCookie(response)?.value
  assert.equal(response.headers['cache-control'], cookie === undefined ? 'no-store' : 'private, no-store')
  if (response.statusCode === 200) return cookie === undefined ? 'access' : 'access and cookie'
  if (response.statusCode === 503) {
    isUnavailable(response)
    return 'unavailable'
  }
  assert.equal(response.statusCode, 403)
  assert.equal(cookie, undefined, 'a refused refresh clears no cookie')
  const { code } = response.json()
  if (code === 'FST_JWT_REFRESH_TOKEN_EXPIRED') return 'expired'
  assert.equal(code, 'FST_JWT_REFRESH_TOKEN_REVOKED')
  return 'revoked'
}

/** If the store fails, no session is lost. */
function isUnavailable (response: LightMyRequestResponse): void {
  assert.equal(response.statusCode, 503)
  assert.equal(response.json().code, 'FST_JWT_STORE_UNAVAILABLE')
  assert.equal(response.headers['set-cookie'], undefined)
  assert.equal(response.headers['retry-after'], '1')
}
