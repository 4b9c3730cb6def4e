import { hash } from 'node:crypto'
import { DAY } from '../lib/session.js'

const USER_AGENT = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

/**
 * So many sessions, each as the plugin makes it by default: a short subject, one claim, user agent and address. Each user has two.
 * They follow from their numbers, so that ten million of them need no room in the process that measures.
 */
export class Sessions {
  /** Numbers of sessions to their state, where it is no longer the one that was loaded. */
  #moved = new Map()

  /** @param {number} size even */
  constructor (size) {
    this.size = size
    this.users = size / 2
    this.#start = Date.now()
  }

  #start

  /** The session as it is now. */
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

  /** The next rotation of a session, which then counts as done. */
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

  /** Numbers below `limit`, none of them twice: two rotations from the same state would be a race. */
  static sample (limit, count) {
    const chosen = new Set()
    while (chosen.size < Math.min(limit, count)) chosen.add(Math.floor(Math.random() * limit))
    return [...chosen]
  }
}
