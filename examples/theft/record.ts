import type { FastifyInstance } from 'fastify'
import type { JwtRefreshEvent } from '../../index.ts'
import type { Families, Player, Step } from './families.ts'
import { findToken } from './token.ts'

/** The header that marks the thief's requests. */
export const THIEF_HEADER = 'x-demo-thief'

interface RecordParts {
  cookieName: string
  families: Families
  /** The last event of each request. */
  events: WeakMap<object, JwtRefreshEvent>
  now: () => number
}

/** Records each login, refresh and registration of a key: the token presented, the token issued, and the response. */
export function recordAnswers (scope: FastifyInstance, { cookieName, families, events, now }: RecordParts): void {
  scope.addHook('onSend', async (request, reply, payload) => {
    const action = actionOf(request.url)
    const issued = findToken(reply.getHeader('set-cookie'), cookieName)
    const presented = action === 'login' ? null : findToken(request.headers.cookie, cookieName)
    const sessionId = (issued ?? presented)?.sessionId
    if (action === null || sessionId === undefined) return

    const player: Player = request.headers[THIEF_HEADER] === undefined ? 'victim' : 'thief'
    families.add(sessionId, {
      at: now(),
      action,
      player,
      ...(presented !== null && { token: presented.id }),
      ...(issued !== null && { issued: issued.id }),
      rule: ruleOf(events.get(request)),
      status: reply.statusCode,
      ...(reply.statusCode >= 400 && { code: JSON.parse(String(payload)).code })
    }, issued)
  })
}

function actionOf (url: string): Step['action'] | null {
  if (url.endsWith('/login')) return 'login'
  if (url.endsWith('/auth/refresh')) return 'refresh'
  return url.endsWith('/auth/dbsc/register') ? 'register' : null
}

/** The rule of lib/sessions/rotation.ts that accepted the token, or the reason why it was refused. */
function ruleOf (event: JwtRefreshEvent | undefined): string {
  if (event?.type === 'refreshed') return event.case
  if (event?.type === 'recovered') return 'ahead'
  if (event?.type === 'reused') return 'reuse'
  return event?.type === 'refused' ? event.reason : 'none'
}
