import { randomBytes } from 'node:crypto'

export const DAY = 86_400_000

/** A session of a small app: a short subject, one claim, no user agent. */
export function session (subject) {
  const now = Date.now()
  return {
    id: randomBytes(16).toString('base64url'),
    subject,
    generation: 0,
    current: randomBytes(32).toString('base64url'),
    createdAt: now,
    rotatedAt: now,
    expiresAt: now + 7 * DAY,
    endsAt: now + 30 * DAY,
    boundTo: null,
    claims: { sub: subject, role: 'user' },
    metadata: {}
  }
}
