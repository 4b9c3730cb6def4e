import type { JwtRefreshOptions } from '../../index.ts'

/** The options of each setting on the page, in addition to the plugin's defaults. */
export const SETTINGS: Record<string, Partial<JwtRefreshOptions>> = {
  rotation: {},
  strict: { refreshToken: { rotation: 'strict' } },
  none: { refreshToken: { rotation: false } },
  // The maximum lifetime, because the browser's clock does not advance with the demo's.
  bound: { deviceBound: { lifetime: '1h', cookieName: '__Host-demo-bound-key' } }
}
