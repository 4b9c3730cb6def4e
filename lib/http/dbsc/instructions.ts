import type { DeviceBoundConfig } from '../../config.ts'

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' }

/** Tells a browser how to keep the session bound: which requests need which cookie, and where to renew that cookie. */
export type Instructions = (sessionId: string) => object

export function createInstructions ({ cookie, paths, heldBack, initiators }: DeviceBoundConfig): Instructions {
  const { name, path, domain, sameSite } = cookie
  const attributes = [domain === undefined ? [] : `Domain=${domain}`, `Path=${path}`, 'Secure', 'HttpOnly', `SameSite=${SAME_SITE[sameSite]}`].flat().join('; ')
  // The last rule that matches a request applies. Only a refresh and a logout wait for the bound cookie.
  const rules = [{ type: 'exclude', domain: '*', path: '/' }, ...heldBack.map((path) => ({ type: 'include', domain: '*', path }))]

  return function instructions (sessionId) {
    return {
      session_identifier: sessionId,
      refresh_url: paths.refresh,
      scope: { include_site: false, scope_specification: rules },
      credentials: [{ type: 'cookie', name, attributes }],
      allowed_refresh_initiators: initiators
    }
  }
}
