import type { JwtRefreshOptions } from '../../index.ts'

/** The options by which the page's settings differ. Everything else is the plugin's default. */
export const SETTINGS: Record<string, Partial<JwtRefreshOptions>> = {
  rotation: {},
  strict: { refreshToken: { rotation: 'strict' } },
  none: { refreshToken: { rotation: false } },
  // The longest lifetime, because the browser's clock does not move on with the demo's.
  bound: { deviceBound: { lifetime: '1h', cookieName: '__Host-demo-bound-key' } }
}
