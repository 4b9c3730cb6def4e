import { execFile, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { createExample, listen } from '../fixtures/example.ts'

const run = promisify(execFile)
const missing = ['curl', 'sh'].find((command) => spawnSync(command, ['--version']).error !== undefined)

t.test('the commands in the README of the example', { skip: missing !== undefined && `no ${missing}: install it` }, async (t) => {
  const readme = await readFile(new URL('../../examples/README.md', import.meta.url), 'utf8')
  const commands = /```sh\n(.*?)```/s.exec(readme)?.[1] ?? ''
  t.match(commands, 'URL=http://localhost:3000\n')

  const { app, events } = await createExample(t)
  const url = `http://localhost:${await listen(app)}`
  const folder = t.testdir()
  // Print each response on a separate line.
  const script = commands.replace('http://localhost:3000', url).replaceAll(/^curl.*(?<!\\)$/gm, '$&; echo')
  const { stdout, stderr } = await run('sh', ['-eu', '-c', script], { cwd: folder })
  t.equal(stderr, '')

  const [profile, refreshed, sessions, loggedOut, refused, ended] = stdout.split('\n').filter((line) => line !== '')
  t.match(JSON.parse(profile ?? ''), { profile: { name: 'Alice' }, claims: { sub: 'user-1' } })
  t.match(JSON.parse(refreshed ?? ''), { accessToken: String, tokenType: 'Bearer', expiresIn: 30 })
  t.match(JSON.parse(sessions ?? ''), [{ current: true, metadata: { userAgent: /^curl\// } }])
  t.equal(loggedOut, '204')
  t.match(JSON.parse(refused ?? ''), { statusCode: 403, code: 'FST_JWT_REFRESH_TOKEN_MISSING' })
  t.match(JSON.parse(ended ?? ''), { statusCode: 401, code: 'FST_JWT_SESSION_ENDED' })
  t.match(events, [{ type: 'issued' }, { type: 'refreshed', rotated: true }, { type: 'ended', reason: 'logout' }])
  t.notMatch(await readFile(`${folder}/jar.txt`, 'utf8'), 'refreshToken', 'the jar is empty')
})
