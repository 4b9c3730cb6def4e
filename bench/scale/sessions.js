import { hash } from 'node:crypto'
import { DAY } from '../lib/session.js'

const USER_AGENT = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

/**
 * Sessions like those of the plugin with default options: a short subject, one claim, user agent and address. Each user has two.
 * A session is computed from its number, so that ten million sessions take no memory in the measuring process.
 */
export class Sessions {
  /** The state of rotated sessions, by number. */
  #moved = new Map()

  /** @param {number} size even */
  constructor (size) {
    this.size = size
    this.users = size / 2
    this.#start = Date.now()
  }

  #start

  /** The current state of the session. */
  at (number) {
    const state = this.#moved.get(number) ?? { generation: 1, current: hash('sha256', `current ${number}`, 'base64url'), rotatedAt: this.#start }
    const subject = `user-${number % this.users}`
    return {
      id: hash('md5', `id ${number}`, 'base64url'),
      subject,
      generation: state.generation,
      current: state.current,
      createdAt: this.#start,
      rotatedAt: state.rotatedAt,
      expiresAt: state.rotatedAt + 7 * DAY,
      endsAt: this.#start + 30 * DAY,
      boundTo: null,
      claims: { sub: subject, role: 'user' },
      metadata: { userAgent: USER_AGENT, ip: `198.51.100.${number % 256}` }
    }
  }

  /** Advances the session and returns the arguments of its next rotation. */
  rotate (number) {
    const { id, generation, current: expected } = this.at(number)
    const now = Date.now()
    const state = { generation: generation + 1, current: hash('sha256', expected, 'base64url'), rotatedAt: now }
    this.#moved.set(number, state)
    return { id, expected, next: { ...state, expiresAt: now + 7 * DAY }, now }
  }

  /** The numbers of a user's sessions. */
  of (user) {
    return [user, user + this.users]
  }

  /** Distinct random numbers below `limit`: two rotations from the same state would be a race. */
  static sample (limit, count) {
    const chosen = new Set()
    while (chosen.size < Math.min(limit, count)) chosen.add(Math.floor(Math.random() * limit))
    return [...chosen]
  }
}
