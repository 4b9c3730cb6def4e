import { readToken } from './access-token.ts'
import type { AccessToken } from './access-token.ts'
import type { Transport } from './transport.ts'
import type { LogoutOptions } from './types.ts'

/** @throws AuthUnavailableError */
export async function requestToken (post: Transport): Promise<AccessToken> {
  const since = Date.now()
  return await post('refreshPath', undefined, (text) => readToken(JSON.parse(text), since))
}

/** @throws AuthUnavailableError */
export async function requestLogout (post: Transport, { everywhere }: LogoutOptions): Promise<void> {
  await post('logoutPath', { everywhere }, () => {})
}
