import t from 'tap'
import { boots, refusesToBoot } from '../fixtures/hostile-options.ts'

const values = [null, true, false, 1, 'x', [], () => {}, Symbol('x')]

refusesToBoot(t, 'dpop that is no object', values.map((dpop) => [`dpop ${String(dpop)}`, { dpop }, 'dpop is', /give an object with mode, bind, nonce, window/]))

refusesToBoot(t, 'an option of dpop that cannot be', [
  ['unknown', { dpop: { binds: 'all' } }, 'dpop.binds is unknown', 'did you mean bind?'],
  ['mode', { dpop: { mode: 'always' } }, 'dpop.mode is "always"', 'give "optional", "required"'],
  ['mode true', { dpop: { mode: true } }, 'dpop.mode is true'],
  ['bind', { dpop: { bind: 'access' } }, 'dpop.bind is "access"', 'give "refresh", "all"'],
  ['nonce', { dpop: { nonce: 'yes' } }, 'dpop.nonce is "yes"', 'give true or false'],
  ['window', { dpop: { window: 'soon' } }, 'dpop.window is "soon"', 'a string with its unit'],
  ['no window', { dpop: { window: 0 } }, 'dpop.window is 0', 'between a second and an hour'],
  ['a window that is too short', { dpop: { window: '999ms' } }, 'dpop.window is "999ms"', 'between a second and an hour'],
  ['a window that is too long', { dpop: { window: '61m', nonce: true } }, 'dpop.window is "61m"', 'between a second and an hour'],
  ['an endless window', { dpop: { window: Infinity, nonce: true } }, 'dpop.window is Infinity', 'between a second and an hour'],
  ['milliseconds', { dpop: { window: 60_000 } }, 'dpop.window is 60000', '"1m" if you meant milliseconds'],
  ['more than five minutes without nonces', { dpop: { window: '301s' } }, 'dpop.window is "301s" without dpop.nonce', 'give five minutes at most, or nonce: true'],
  ['the same by name', { dpop: { window: '10m', nonce: false } }, 'dpop.window is "10m"', 'nonce: true']
])

refusesToBoot(t, 'access tokens that are bound, in a cookie', (['cookie', 'both'] as const).map((transport) =>
  [transport, { dpop: { bind: 'all' }, accessToken: { transport } }, `accessToken.transport is "${transport}", but dpop.bind is "all"`, 'give dpop.bind "refresh"']))

boots(t, 'what can be', {
  off: {},
  undefined: { dpop: undefined },
  'the defaults': { dpop: {} },
  'all that is there': { dpop: { mode: 'required', bind: 'all', nonce: true, window: '1h' } },
  'five minutes': { dpop: { window: '5m' } },
  'a number is seconds': { dpop: { window: 300 } }
})
