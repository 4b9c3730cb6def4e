import { decide } from '../../lib/sessions/rotation.ts'
import type { RotationWindows } from '../../lib/config.ts'
import type { Decision, PresentedToken } from '../../lib/sessions/rotation.ts'
import type { Session } from '../../index.ts'
import type { Judge, Setting } from './setting.ts'
import type { Stored, Token } from './world.ts'

// The shipped rules, each time with one change, to show why the rule exists and what the alternatives cost.

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

/** The `young` rule also applies to the login's token. */
export const withYoungLogin: Judge = vary((decision, _session, token, now, { overlap }) =>
  isCase(decision, 'confirm') && now - token.issuedAt < overlap ? { type: 'accept', case: 'young', child: false, write: null } : decision)

/** Each repeated use of the current token is given a child, even within `overlap`. */
export const withoutQuietRetry: Judge = vary((decision) =>
  isCase(decision, 'retry') ? { ...decision, child: true } : decision)

/** A token that has been used is not given another child. */
export const withoutLateChild: Judge = vary((decision) =>
  isCase(decision, 'retry') ? { ...decision, child: false } : decision)

/** Any second use of a token is reuse, as in RFC 9700. */
export const withoutRetry: Judge = vary((decision) =>
  isCase(decision, 'retry') ? { type: 'reuse' } : decision)

/** A retry restarts the retry window. */
export const withRearming: Judge = vary((decision, _session, _token, now) =>
  isCase(decision, 'retry') && decision.write !== null ? { ...decision, write: { ...decision.write, rotatedAt: now } } : decision)

/** A token that is ahead is confirmed however young it is. */
export const withHastyAhead: Judge = vary((decision, session, token, now) =>
  isCase(decision, 'young') && token.generation > session.generation + 1 ? confirmed(token, now) : decision)

/** A sibling of the current token gets an access token within `overlap`. For this, the record would have to store the parent. */
export const withSiblings: Judge = vary((decision, session, token, now, { overlap }) =>
  decision.type === 'reuse' && token.generation === session.generation && now - session.rotatedAt < overlap
    ? { type: 'accept', case: 'retry', child: false, write: null }
    : decision)

/** For variants that accept tokens that do not descend from the current token. */
export const anyLine: Pick<Setting, 'mayTake'> = {
  mayTake: (token: Token, record: Stored) => token.generation >= record.generation
}
