import fc from 'fast-check'
import { DAY, MINUTE, SECOND } from '../fixtures/app.ts'

/** One step of a random program. Numbers select from the sessions and tokens that exist at that time. */
export type Step =
  | { do: 'login', subject: number }
  /** `back`: how many tokens before the latest. `times`: the number of concurrent requests. `lost`: the client keeps its token. */
  | { do: 'refresh', session: number, back: number, times: number, lost: boolean }
  | { do: 'logout', session: number, back: number, everywhere: boolean }
  /** Requests a route with `authenticate`, then one with `requireSession`, with an access token of any age. */
  | { do: 'visit', access: number }
  | { do: 'wait', milliseconds: number }
  /** Applies to the next step. `down`: calls fail without effect. `deaf`: calls take effect, but the reply is lost. */
  | { do: 'store', health: Health }
  /** A failover that loses the last writes of a session. */
  | { do: 'lose', session: number, writes: number }

export type Health = 'sound' | 'down' | 'deaf'

const any = fc.nat({ max: 1000 })
/** Mostly the latest one, sometimes an earlier one. */
const back = fc.oneof({ arbitrary: fc.constant(0), weight: 20 }, { arbitrary: fc.nat({ max: 4 }), weight: 3 }, any)
const milliseconds = fc.oneof(
  // Close to every limit in the rules, and just before and after whole seconds.
  { arbitrary: fc.constantFrom(1, SECOND, 45 * SECOND - 1, 45 * SECOND, 45 * SECOND + 1, MINUTE - 1, MINUTE), weight: 6 },
  { arbitrary: fc.constantFrom(15 * MINUTE - 1, 15 * MINUTE, DAY - 1, DAY, DAY + SECOND), weight: 2 },
  { arbitrary: fc.constantFrom(7 * DAY - 1, 7 * DAY, 30 * DAY), weight: 1 },
  { arbitrary: fc.nat({ max: 60 * SECOND }), weight: 3 }
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('login' as const), subject: fc.nat({ max: 1 }) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('refresh' as const), session: back, back, times: fc.constantFrom(1, 1, 1, 2, 4), lost: fc.constantFrom(false, false, true) }), weight: 14 },
  { arbitrary: fc.record({ do: fc.constant('logout' as const), session: back, back, everywhere: fc.boolean() }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('visit' as const), access: back }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), milliseconds }), weight: 11 },
  { arbitrary: fc.record({ do: fc.constant('store' as const), health: fc.constantFrom<Health>('down', 'deaf') }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('lose' as const), session: back, writes: fc.integer({ min: 1, max: 3 }) }), weight: 3 }
)

export const program: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' })
  .map((steps) => [{ do: 'login', subject: 0 } as const, ...steps])
