import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import jwtRefresh from '../../index.ts'
import type { JwtRefreshOptions } from '../../index.ts'
import { root } from '../fixtures/package.ts'

/** The number of requirements in each section of the five chapters of ASVS 5.0.0. They are numbered from 1. */
const REQUIREMENTS: Record<string, number> = {
  3.1: 1,
  3.2: 3,
  3.3: 5,
  3.4: 8,
  3.5: 8,
  3.6: 1,
  3.7: 5,
  7.1: 3,
  7.2: 4,
  7.3: 2,
  7.4: 5,
  7.5: 3,
  7.6: 2,
  9.1: 3,
  9.2: 4,
  10.1: 2,
  10.2: 3,
  10.3: 5,
  10.4: 16,
  10.5: 5,
  10.6: 2,
  10.7: 3,
  11.1: 4,
  11.2: 5,
  11.3: 5,
  11.4: 4,
  11.5: 2,
  11.6: 2,
  11.7: 2
}
const VERDICTS = ['met', 'met with an option', 'the host\'s', 'does not apply', 'not met']

/** The start of each document's heading, and its name in the list at the top. */
const DOCUMENTS: Record<string, string> = {
  'ASVS V': 'ASVS ',
  'RFC 9700': 'RFC 9700 §',
  'RFC 8725': 'RFC 8725 §',
  'RFC 9068': 'RFC 9068 §',
  'RFC 6750': 'RFC 6750 §',
  'OAuth 2.0 for': 'Browser-based apps §'
}

/** Code spans that are not names of this package: claims, parameters of JOSE and OAuth, functions of Node.js. */
const WORDS = new Set([
  'acr', 'access_token', 'alg', 'amr', 'aud', 'auth_time', 'authorization_details', 'client_id', 'createHmac', 'crit', 'crypto', 'error', 'exp', 'groups', 'iat', 'invalid_token',
  'entitlements', 'iss', 'jku', 'jti', 'jwk', 'kid', 'nbf', 'nonce', 'none', 'nosniff', 'public', 'recovered', 'reused', 'roles', 'scope', 'state', 'sub', 'timingSafeEqual', 'trustProxy',
  'typ', 'unavailable', 'withDpop', 'x5u', 'crypto.randomBytes', 'crypto.randomUUID', 'changemechangeme'
])

interface Row {
  document: string
  number: string
  verdict: string
  text: string
}

type Members = ReadonlyMap<string, string>

const page = await readFile(join(root, 'docs/security.md'), 'utf8')
const spans = [...page.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string)
const rows = readRows(page)
const interfaces = readInterfaces(await Promise.all(
  ['types/options.ts', 'types/decorators.ts', 'types/tokens.ts', 'lib/stores/sql/table.ts', 'lib/client/types.ts'].map(async (file) => await readFile(join(root, file), 'utf8'))))
const options = interfaces.get('JwtRefreshOptions') as Members

t.test('each requirement of the five chapters of ASVS is in one row', async (t) => {
  const expected = Object.entries(REQUIREMENTS).flatMap(([section, count]) => Array.from({ length: count }, (_, index) => `${section}.${index + 1}`))
  const found = rows.filter(({ document }) => document === 'ASVS ').flatMap(({ number }) => number.split(', '))
  t.equal(expected.length, 117)
  t.strictSame(found.sort(), expected.sort())
})

t.test('each row has one of the five verdicts, and each document has rows', async (t) => {
  for (const { document, number, verdict } of rows) t.ok(VERDICTS.includes(verdict), `${document}${number}: ${verdict}`)
  t.strictSame([...new Set(rows.map(({ document }) => document))], Object.values(DOCUMENTS))
})

t.test('the list at the top has all that is not met, and nothing else', async (t) => {
  const listed = [...sectionOf('What is not met').matchAll(/^\| ((?:ASVS|RFC|Browser).*?) \|/gm)].map(([, requirement]) => requirement)
  const notMet = rows.filter(({ verdict }) => verdict === 'not met').map(({ document, number }) => document + number.replace(/ \(.*/, ''))
  t.strictSame(listed.sort(), notMet.sort())
})

t.test('the second list has only what is met with an option', async (t) => {
  const byNumber = new Map(rows.flatMap((row) => row.number.split(', ').map((number) => [row.document + number, row.verdict])))
  const listed = [...sectionOf('What is off by default').matchAll(/^\| ASVS ([\d., ]*\d)/gm)].flatMap(([, numbers = '']) => numbers.split(', '))
  t.ok(listed.length > 10)
  for (const number of listed) t.equal(byNumber.get(`ASVS ${number}`), 'met with an option', number)
})

t.test('a row that is met with an option names it', async (t) => {
  for (const { document, number, verdict, text } of rows) {
    if (verdict !== 'met with an option') continue
    const names = [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span as string)
    t.ok(names.some(isOurs), `${document}${number}`)
  }
})

t.test('every name in code font exists', async (t) => {
  for (const span of new Set(spans)) {
    if (/^(?:lib|test)\//.test(span)) t.ok(existsSync(join(root, span)), span)
    else if (/^[a-z][\w.]*(?:: .*)?$/.test(span)) t.ok(WORDS.has(span) || isOurs(span), span)
  }
})

t.test('every setting that is named is accepted at boot', async (t) => {
  const settings = [...new Set(spans)].filter((span) => /^[a-z]\w*(?:\.\w+)*: /.test(span) && options.has(/^\w+/.exec(span)?.[0] as string))
  t.ok(settings.length >= 10)
  for (const setting of settings) {
    const app = Fastify()
    t.teardown(() => app.close())
    await t.resolves(async () => { await app.register(jwtRefresh, { ...keysFor(setting), ...toOptions(setting) }) }, setting)
  }
})

t.test('a scope with both hooks refuses the access token of an ended session on all of its routes', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(jwtRefresh, keysFor(''))
  app.post('/login', async (_request, reply) => await reply.issueTokens({ sub: 'anna' }))
  await app.register(async (scope) => {
    scope.addHook('onRequest', scope.authenticate)
    scope.addHook('onRequest', scope.requireSession)
    scope.get('/me', async (request) => request.user)
  })
  const { accessToken } = (await app.inject({ method: 'POST', url: '/login' })).json()
  const headers = { authorization: `Bearer ${accessToken}` }
  t.equal((await app.inject({ url: '/me', headers })).json().sub, 'anna')
  await app.sessions.revokeAll('anna')
  t.equal((await app.inject({ url: '/me', headers })).json().code, 'FST_JWT_SESSION_ENDED')
})

t.test('cryptography is where the page says it is', async (t) => {
  const files = (await readdir(join(root, 'lib'), { recursive: true })).map((file) => `lib/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && !file.startsWith('lib/testing/')) // used only in tests of apps
  const uses = await Promise.all(files.map(async (file) => /^import \{[^}]*\} from 'node:crypto'|crypto\.subtle/m.test(await readFile(join(root, file), 'utf8'))))
  const [, text = ''] = /^\| 11\.1\.3 \|(.*)$/m.exec(page) ?? []
  const places = [...text.matchAll(/`(lib\/[^`]+)`/g)].map(([, place]) => place as string)
  for (const file of files.filter((_, index) => uses[index])) t.ok(places.some((place) => file === place || file.startsWith(`${place}/`)), file)
  for (const place of places) t.ok(files.some((file, index) => uses[index] && (file === place || file.startsWith(`${place}/`))), place)
})

t.test('every link leads somewhere', async (t) => {
  const links = [...page.matchAll(/\]\((?!https:)([^)]+)\)/g)].map(([, link]) => link as string)
  t.ok(links.length > 10)
  for (const link of new Set(links)) {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? 'docs/security.md' : join(dirname('docs/security.md'), file)
    t.ok(existsSync(join(root, target)), link)
    if (anchor !== undefined) t.ok(anchorsOf(await readFile(join(root, target), 'utf8')).includes(anchor), link)
  }
})

function sectionOf (heading: string): string {
  return page.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? ''
}

/** The table rows for requirements. The first column contains the number, and the last but one the verdict. */
function readRows (text: string): Row[] {
  return text.split(/^## /m).flatMap((section) => {
    const heading = Object.keys(DOCUMENTS).find((start) => section.startsWith(start))
    if (heading === undefined) return []
    return [...section.matchAll(/^\| (\d.*) \|$/gm)].map(([, row = '']) => {
      const cells = row.split(' | ')
      return { document: DOCUMENTS[heading] as string, number: cells[0] as string, verdict: cells.at(-2) as string, text: cells.at(-1) as string }
    })
  })
}

/** The members of each interface, with their types as text. */
function readInterfaces (sources: string[]): Map<string, Members> {
  const bodies = sources.flatMap((source) => [...source.matchAll(/^(?:export )?interface (\w+)[^\n]*\{\n([^]*?)^\}/gm)])
  return new Map(bodies.map(([, name = '', body = '']) =>
    [name, new Map([...body.matchAll(/^ {2}(?:readonly )?(\w+)\??(?::| ?\()(.*)$/gm)].map(([, member = '', type = '']) => [member, type]))]))
}

/** Whether a span names an option, a decorator or a member of one, alone or with a value. */
function isOurs (span: string): boolean {
  const [, path = '', value = ''] = /^([\w.]+)(?:: (.*))?$/.exec(span) ?? []
  const names = path.split('.')
  const inside = value.startsWith('{') ? [...value.matchAll(/(\w+):/g)].map(([, name]) => name as string) : []
  const paths = inside.length === 0 ? [names] : inside.map((name) => [...names, name])
  return paths.every(([first, ...rest]) => {
    if (first === 'app') return isMember(interfaces.get('InstanceDecorators'), rest)
    if (first === 'reply') return isMember(interfaces.get('ReplyDecorators'), rest)
    if (first === 'request') return isMember(interfaces.get('RequestDecorators'), rest)
    return isMember(options, [first as string, ...rest]) || (rest.length === 0 && isMemberOfAny(first as string))
  })
}

function isMember (members: Members | undefined, [name = '', ...rest]: string[]): boolean {
  const type = members?.get(name)
  if (type === undefined || rest.length === 0) return type !== undefined
  if (rest.length === 1 && type.includes(`${rest[0]}?:`)) return true // an inline object type
  return (type.match(/\w+/g) ?? []).some((word) => isMember(interfaces.get(word), rest))
}

/** Whether it is an option of a method, of an SQL store or of the client. */
function isMemberOfAny (name: string): boolean {
  const owners = ['IssueTokensOptions', 'RevokeTokensOptions', 'RevokeAllOptions', 'TokenResponse', 'TableOptions', 'AuthClientOptions', 'RoutesOptions', 'AccessTokenOptions']
  return /requireRecentLogin/.test(name) || owners.some((owner) => interfaces.get(owner)?.has(name))
}

/** Converts texts such as `dpop: { bind: 'all' }` and `accessToken.transport: 'cookie'` to options. */
function toOptions (setting: string): Partial<JwtRefreshOptions> {
  const [, path = '', value = ''] = /^([\w.]+): (.*)$/.exec(setting) ?? []
  const given: unknown = JSON.parse(value.replaceAll('\'', '"').replaceAll(/(\w+):/g, '"$1":'))
  return path.split('.').reduceRight((inner, name) => ({ [name]: inner }), given) as Partial<JwtRefreshOptions>
}

function keysFor (setting: string): JwtRefreshOptions {
  const secret = 'a secret of more than thirty-two bytes'
  if (!setting.includes('PS256')) return { secret }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 3072, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
  })
  return { secret: { private: privateKey, public: publicKey }, refreshToken: { secret } }
}

function anchorsOf (text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'))
}
