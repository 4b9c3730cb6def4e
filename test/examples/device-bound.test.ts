import t from 'tap'
import { createCertificate, flagsFor } from '../../examples/certificate.ts'
import { addThief } from '../../examples/thief.ts'
import { DeviceBrowser } from '../fixtures/device.ts'
import { createExample } from '../fixtures/example.ts'

const ALICE = { email: 'alice@example.com', password: 'wonderland' }

t.test('DEVICE_BOUND: a copy of the refresh cookie of a bound session is useless, and the terminal says so', async (t) => {
  const certificate = createCertificate()
  t.match(flagsFor(certificate), /^--enable-features=\S+ --ignore-certificate-errors-spki-list=[\w+/]{43}=$/)
  const { app, clock } = await createExample(t, { certificate })
  const said: string[] = []
  let heard = (): void => {}
  const saying = new Promise<void>((resolve) => { heard = resolve })
  addThief(app, (text) => {
    said.push(text)
    heard()
  })
  const browser = new DeviceBrowser(app)
  await browser.login(ALICE)
  await browser.refresh()
  t.strictSame(said, [], 'a session that is not bound has nothing to show')
  await browser.register()
  clock.now += 10_000
  t.equal((await browser.refresh()).statusCode, 200)
  await saying
  t.strictSame(said, ['stolen cookie: useless (403 FST_JWT_PROOF_REQUIRED)'])
})

t.test('where the session is not bound, the terminal says that the copy works', async (t) => {
  const { app, clock } = await createExample(t, { certificate: createCertificate() })
  const saying = new Promise((resolve) => addThief(app, resolve))
  const browser = new DeviceBrowser(app)
  await browser.login(ALICE)
  clock.now += 60_000
  await app.inject({ method: 'POST', url: '/auth/refresh', headers: { cookie: `__Host-refreshToken=${browser.refreshToken}; __Host-deviceBound=x` } })
  t.equal(await saying, 'stolen cookie: it works')
})
