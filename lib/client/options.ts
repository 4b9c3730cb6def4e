import type { AuthClientOptions } from './types.ts'

/** The options with their defaults. */
export interface Settings {
  /** Empty: the page's address. */
  readonly baseUrl: string | URL
  readonly refreshPath: string
  readonly logoutPath: string
  readonly loginPath: string | readonly string[]
  readonly fetch: typeof globalThis.fetch
  readonly headers: { readonly [name: string]: string }
  readonly origins: readonly string[]
  /** Seconds. */
  readonly leeway: number
  /** Seconds. */
  readonly timeout: number
  readonly autoRefresh: boolean | 'always'
  /** Seconds. */
  readonly idleAfter: number
  readonly crossTab: boolean | 'strict'
  /** Empty: the refresh route's URL. */
  readonly key: string
}

const DEFAULTS: Settings = {
  baseUrl: '',
  refreshPath: '/auth/refresh',
  logoutPath: '/auth/logout',
  loginPath: '/login',
  // Looks up the global function at each call, since a test or a tracing library may replace it later.
  fetch: (input, init) => fetch(input, init),
  headers: {},
  origins: [],
  leeway: 60,
  timeout: 10,
  autoRefresh: true,
  idleAfter: Infinity,
  crossTab: true,
  key: ''
}

/** What the value must be, and a function that checks it, which may throw. */
type Check = readonly [fix: string, isRight: (value: any) => unknown] // eslint-disable-line @typescript-eslint/no-explicit-any -- anything may be given

/** For options whose values need not have the type of the default. */
const CHECKS: { readonly [name: string]: Check } = {
  // Resolves a path, since localhost:3000 is a URL, too, but with the scheme "localhost", against which no path can be resolved.
  baseUrl: ['an absolute URL', (url) => new URL('/', url)],
  loginPath: ['a path or a list of paths', (paths) => paths.length > 0 && [paths].flat().every((path) => typeof path === 'string')],
  origins: ['a list of origins, such as https://files.example.com', (origins) => origins.every(isOrigin)],
  leeway: seconds(86_400),
  timeout: seconds(600),
  autoRefresh: oneOf(true, false, 'always'),
  idleAfter: seconds(86_400),
  crossTab: oneOf(true, false, 'strict')
}

/** @throws TypeError for an unknown option, and for a value that cannot work */
export function readOptions (options: AuthClientOptions): Settings {
  const settings = { ...DEFAULTS }
  for (const [name, value] of Object.entries(options)) {
    if (!isKnown(name)) throw new TypeError(`createAuthClient: the option "${name}" is unknown: the options are ${Object.keys(DEFAULTS).join(', ')}`)
    if (value === undefined) continue
    const [fix, isRight] = CHECKS[name] ?? sameType(DEFAULTS[name])
    // The value is not shown: a header may hold a secret.
    if (!passes(isRight, value)) throw new TypeError(`createAuthClient: the option ${name} must be ${fix}`)
    Object.assign(settings, { [name]: value })
  }
  return settings
}

function isKnown (name: string): name is keyof Settings {
  return Object.hasOwn(DEFAULTS, name)
}

/** A finite number above the longest sensible time was probably meant as milliseconds. */
function seconds (longest: number): Check {
  return [`a number of seconds up to ${longest}, or Infinity`, (value) => typeof value === 'number' && value >= 0 && (value <= longest || value === Infinity)]
}

function oneOf (...values: unknown[]): Check {
  return [`one of ${values.join(', ')}`, (value) => values.includes(value)]
}

function sameType (standard: unknown): Check {
  return [`of the type ${typeof standard}`, (value) => typeof value === typeof standard && value !== null]
}

function passes (isRight: Check[1], value: unknown): unknown {
  try {
    return isRight(value)
  } catch {
    return false
  }
}

/** Whether it is a URL without a path, which would falsely suggest that the token is sent only to that path. */
function isOrigin (url: string): boolean {
  const { href, origin } = new URL(url)
  return href === `${origin}/`
}
