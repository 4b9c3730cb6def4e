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
  // The global one as it is at each call: a test or a tracing library may replace it later.
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

/** For options that the type of the default does not describe: what the value must be, and a check, which may throw. */
const CHECKS: { readonly [name: string]: readonly [fix: string, isRight: (value: any) => unknown] } = { // eslint-disable-line @typescript-eslint/no-explicit-any -- anything may be given
  // With a path, since localhost:3000 alone is a URL, too: one with the scheme "localhost", to which no path can be resolved.
  baseUrl: ['an absolute URL', (url) => new URL('/', url)],
  loginPath: ['a path or a list of paths', (paths) => paths.length > 0 && [paths].flat().every((path) => typeof path === 'string')],
  origins: ['a list of origins, such as https://files.example.com', (origins) => origins.every(isOrigin)],
  autoRefresh: ["of the type boolean or 'always'", (value) => [true, false, 'always'].includes(value)],
  crossTab: ["of the type boolean or 'strict'", (value) => [true, false, 'strict'].includes(value)]
}

/** @throws TypeError for an unknown option, and for a value that cannot work */
export function readOptions (options: AuthClientOptions): Settings {
  const settings = { ...DEFAULTS }
  for (const [name, value] of Object.entries(options)) {
    if (!isKnown(name)) throw new TypeError(`createAuthClient: the option "${name}" is unknown: did you mean ${findSimilar(name)}?`)
    if (value === undefined) continue
    const fix = findFix(name, value)
    // The value is not shown: a header may hold a secret.
    if (fix) throw new TypeError(`createAuthClient: the option ${name} must be ${fix}`)
    Object.assign(settings, { [name]: value })
  }
  return settings
}

function isKnown (name: string): name is keyof Settings {
  return Object.hasOwn(DEFAULTS, name)
}

/** The option that shares the longest prefix with the name, ignoring letter case. */
function findSimilar (name: string): string {
  const beginning = name.toLowerCase()
  return Object.keys(DEFAULTS).find((known) => known.toLowerCase().startsWith(beginning)) ?? findSimilar(name.slice(0, -1))
}

/** What the option must be instead; undefined if it is valid. */
function findFix (name: keyof Settings, value: unknown): string | undefined {
  const type: string = typeof DEFAULTS[name]
  const given: string = typeof value
  const [fix, isRight] = CHECKS[name] ?? [`of the type ${type}`, () => given === type && value !== null]
  try {
    if (isRight(value)) return typeof value === 'number' && !(value >= 0) ? '0 seconds or more' : undefined
  } catch {
    // A value of the wrong type made the check throw.
  }
  return fix
}

/** Whether it is a URL without a path: a path would look as if it restricted the token to it. */
function isOrigin (url: string): boolean {
  const { href, origin } = new URL(url)
  return href === `${origin}/`
}
