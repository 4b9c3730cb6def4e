import { Browser, type Kind, type Surroundings } from './browser.ts'
import { until } from '../fixtures/services.ts'

const LOGINS_AT_ONCE = 20

/** All browsers of a campaign. */
export class Crowd {
  readonly browsers: Browser[]
  readonly #runs = new Map<Browser, Promise<void>>()

  constructor (size: number, around: Surroundings) {
    this.browsers = Array.from({ length: size }, (_, index) => new Browser(index % 2 === 0 ? 'chain' : 'tabs', around))
  }

  async start (): Promise<void> {
    for (let first = 0; first < this.browsers.length; first += LOGINS_AT_ONCE) {
      await this.#login(this.browsers.slice(first, first + LOGINS_AT_ONCE))
    }
  }

  /** Logs in the robbed browsers whose sessions have ended. */
  async replaceRobbed (): Promise<void> {
    await this.#login(this.browsers.filter(({ isLoggedIn }) => !isLoggedIn))
  }

  /** Chooses browsers that have not been robbed yet and have used several refresh tokens. */
  choose (kind: Kind, count: number): Browser[] {
    return this.browsers.filter((browser) => browser.kind === kind && !browser.isRobbed && browser.oldToken !== undefined).slice(0, count)
  }

  /** Resolves once all browsers with a session have refreshed after this time. Rejects if none of the late ones does so for a minute. */
  async haveRefreshedSince (time: number): Promise<void> {
    const late = (): number => this.browsers.filter(({ isRobbed, isLoggedIn, lastRefresh }) => !isRobbed && isLoggedIn && lastRefresh <= time).length
    for (let before = late(); before > 0; before = late()) await until(async () => late() < before)
  }

  /** Resolves once a quarter of the chains have advanced by two generations. */
  async goOn (): Promise<void> {
    const chains = this.browsers.filter(({ kind, isRobbed }) => kind === 'chain' && !isRobbed)
    const before = chains.map(({ generation }) => generation)
    await until(async () => chains.filter(({ generation }, index) => generation >= before[index]! + 2).length > chains.length / 4)
  }

  async stop (): Promise<void> {
    for (const browser of this.browsers) browser.close()
    await Promise.all(this.#runs.values())
  }

  async #login (browsers: Browser[]): Promise<void> {
    await Promise.all(browsers.map(async (browser) => {
      await this.#runs.get(browser)
      await browser.login(`user-${this.browsers.indexOf(browser)}`)
      this.#runs.set(browser, browser.run())
    }))
  }
}
