import { createHmac } from 'node:crypto'

const LENGTH = 22 // characters: slightly more than 128 bits

/** Nonces that need not be stored (RFC 9449 §8): each is an HMAC over the time, counted in steps. */
export interface Nonces {
  /** The nonce to hand out now. It is valid for at least one step and at most two. */
  current (): string
  isGood (nonce: string): boolean
}

/**
 * @param keys the first makes the nonces; those of the others are valid too, so that instances agree while a secret is being changed
 * @param step in milliseconds
 */
export function createNonces (keys: readonly Buffer[], step: number, now: () => number): Nonces {
  let count = NaN
  let good: string[] = []

  function ofCount (key: Buffer, count: number): string {
    return createHmac('sha256', key).update(String(count)).digest('base64url').slice(0, LENGTH)
  }

  function update (): string[] {
    const present = Math.floor(now() / step)
    if (present !== count) {
      count = present
      good = [...keys.map((key) => ofCount(key, present)), ...keys.map((key) => ofCount(key, present - 1))]
    }
    return good
  }

  return {
    current: () => update()[0] as string,
    // Any client can obtain a nonce, so there is no secret that the timing of a comparison could reveal.
    isGood: (nonce) => update().includes(nonce)
  }
}
