import { decide } from '../../lib/sessions/rotation.ts'
import type { RotationWindows } from '../../lib/config.ts'
import type { Decision, PresentedToken } from '../../lib/sessions/rotation.ts'
import type { Session } from '../../index.ts'
import type { Judge, Setting } from './setting.ts'
import type { Stored, Token } from './world.ts'

// The shipped rules with one of them changed, to see what it is there for and what else might be.

type Change = (decision: Decision, session: Session, token: PresentedToken, now: number, windows: RotationWindows) => Decision

function vary (change: Change): Judge {
  return (session, token, now, windows) => {
    const decision = decide(session, token, now, windows)
    return session === null ? decision : change(decision, session, token, now, windows)
  }
}

function confirmed (token: PresentedToken, now: number): Decision {
  return { type: 'accept', case: 'confirm', child: true, write: { generation: token.generation, current: token.hash, rotatedAt: now, expiresAt: Infinity } }
}

const isCase = (decision: Decision, name: string): decision is Extract<Decision, { type: 'accept' }> =>
  decision.type === 'accept' && decision.case === name

/** The next token is confirmed however young it is. */
export const withoutYoung: Judge = vary((decision, _session, token, now) =>
  isCase(decision, 'young') ? confirmed(token, now) : decision)

/** The login's token is like any other. */
export const withYoungLogin: Judge = vary((decision, _session, token, now, { overlap }) =>
  isCase(decision, 'confirm') && now - token.issuedAt < overlap ? { type: 'accept', case: 'young', child: false, write: null } : decision)

/** Each use of the current token is given a child, at once too. */
export const withoutQuietRetry: Judge = vary((decision) =>
  isCase(decision, 'retry') ? { ...decision, child: true } : decision)

/** A used token is given no child any more. */
export const withoutLateChild: Judge = vary((decision) =>
  isCase(decision, 'retry') ? { ...decision, child: false } : decision)

/** A used token is reuse at once, as RFC 9700 has it. */
export const withoutRetry: Judge = vary((decision) =>
  isCase(decision, 'retry') ? { type: 'reuse' } : decision)

/** A retry opens the window anew. */
export const withRearming: Judge = vary((decision, _session, _token, now) =>
  isCase(decision, 'retry') && decision.write !== null ? { ...decision, write: { ...decision.write, rotatedAt: now } } : decision)

/** A token that is ahead is confirmed however young it is. */
export const withHastyAhead: Judge = vary((decision, session, token, now) =>
  isCase(decision, 'young') && token.generation > session.generation + 1 ? confirmed(token, now) : decision)

/** A sibling of the current token gets an access token, within `overlap`. The record would have to keep the parent. */
export const withSiblings: Judge = vary((decision, session, token, now, { overlap }) =>
  decision.type === 'reuse' && token.generation === session.generation && now - session.rotatedAt < overlap
    ? { type: 'accept', case: 'retry', child: false, write: null }
    : decision)

/** For rules that take tokens of another line than the record's. */
export const anyLine: Pick<Setting, 'mayTake'> = {
  mayTake: (token: Token, record: Stored) => token.generation >= record.generation
}
