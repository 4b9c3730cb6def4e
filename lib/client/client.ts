import { readToken } from './access-token.ts'
import { createAddresses } from './addresses.ts'
import { startBackground } from './background.ts'
import { createFetch } from './fetch.ts'
import { createGetToken } from './get-token.ts'
import { createLock } from './lock.ts'
import { createLogout } from './logout.ts'
import type { Message } from './message.ts'
import { readOptions } from './options.ts'
import type { Page } from './page.ts'
import { createRenewal } from './renewal.ts'
import { requestLogIn } from './requests.ts'
import { createSession } from './session.ts'
import { createState } from './state.ts'
import { joinTabs } from './tabs.ts'
import { createTransport } from './transport.ts'
import type { AuthClient, AuthClientOptions } from './types.ts'

/** @param page undefined outside of a page, where nothing runs in the background */
export function createClient (options: AuthClientOptions, page: Page | undefined): AuthClient {
  const settings = readOptions(options)
  const addresses = createAddresses(settings, page?.document.baseURI)
  const post = createTransport(settings, addresses)

  // Only a page has other tabs, and so needs a name for the lock and the channel.
  const name = settings.key || (page ? addresses.resolve(settings.refreshPath).href : '')
  const exclusively = createLock(name, settings.timeout, page?.navigator.locks)
  const tabs = joinTabs(page, name, settings.crossTab, receive)

  const state = createState(settings.leeway)
  const session = createSession(state, tabs)
  const renewal = createRenewal(state, session, tabs, exclusively, post)
  const getToken = createGetToken(state, addresses, renewal)

  function receive (message: Message): void {
    if (message.news === 'active') background?.noteActivity()
    else if (!session.follow(message)) renewal.renewAgain()
  }

  const background = page && startBackground(page, settings, state, renewal, tabs)

  return {
    fetch: createFetch(settings, addresses, state, getToken),
    getToken,
    usesCookie: addresses.usesCookie,
    async ready () {
      if (state.snapshot.status === 'unknown') await renewal.renew()
      return state.snapshot
    },
    async refresh () {
      await renewal.renewNow()
      return state.snapshot
    },
    setSession: (result) => session.begin('signed-in', readToken(result, Date.now())),
    async logIn (body) {
      // Not during a refresh, whose late response could overwrite the cookie that the login sets.
      await exclusively(async () => session.begin('signed-in', await requestLogIn(post, body)))
      return state.snapshot
    },
    logout: createLogout(state, session, exclusively, post),
    getSnapshot: () => state.snapshot,
    subscribe: state.subscribe,
    dispose () {
      background?.stop()
      tabs.leave()
    }
  }
}
