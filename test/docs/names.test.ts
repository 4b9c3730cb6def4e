import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { root } from '../fixtures/package.ts'

/** The page that explains the members of each public interface, and the prefix of their names there. */
const INTERFACES: Array<{ file: string, name: string, page: string, before?: string }> = [
  { file: 'types/options.ts', name: 'JwtRefreshOptions', page: 'docs/reference.md' },
  { file: 'types/options.ts', name: 'AccessTokenOptions', page: 'docs/reference.md', before: 'accessToken.' },
  { file: 'types/options.ts', name: 'AccessCookieOptions', page: 'docs/reference.md' },
  { file: 'types/options.ts', name: 'RefreshTokenOptions', page: 'docs/reference.md', before: 'refreshToken.' },
  { file: 'types/options.ts', name: 'CookieOptions', page: 'docs/reference.md', before: 'cookie.' },
  { file: 'types/options.ts', name: 'RoutesOptions', page: 'docs/reference.md' },
  { file: 'types/decorators.ts', name: 'InstanceDecorators', page: 'docs/reference.md', before: 'app.' },
  { file: 'types/decorators.ts', name: 'ReplyDecorators', page: 'docs/reference.md', before: 'reply.' },
  { file: 'types/decorators.ts', name: 'Sessions', page: 'docs/reference.md' },
  { file: 'types/tokens.ts', name: 'IssueTokensOptions', page: 'docs/reference.md' },
  { file: 'types/tokens.ts', name: 'RevokeTokensOptions', page: 'docs/reference.md' },
  { file: 'types/tokens.ts', name: 'RevokeAllOptions', page: 'docs/reference.md' },
  { file: 'types/options.ts', name: 'DpopOptions', page: 'docs/device-bound.md' },
  { file: 'types/options.ts', name: 'DeviceBoundOptions', page: 'docs/device-bound.md' },
  { file: 'types/options.ts', name: 'AdoptedToken', page: 'docs/migration.md' },
  { file: 'lib/client/types.ts', name: 'AuthClient', page: 'docs/client.md' },
  { file: 'lib/client/types.ts', name: 'AuthClientOptions', page: 'docs/client.md' },
  { file: 'lib/client/types.ts', name: 'AuthSnapshot', page: 'docs/client.md' },
  { file: 'lib/client/types.ts', name: 'GetTokenOptions', page: 'docs/client.md' },
  { file: 'lib/client/types.ts', name: 'LogoutOptions', page: 'docs/client.md' }
]

const read = async (file: string): Promise<string> => await readFile(join(root, file), 'utf8')

for (const { file, name, page, before = '' } of INTERFACES) {
  t.test(`${page} names each member of ${name}`, async (t) => {
    const code = codeOf(await read(page))
    const members = membersOf(await read(file), name)
    t.ok(members.length > 0)
    for (const member of members) t.ok(mentions(code, before + member), before + member)
  })
}

t.test('docs/reference.md names each event with its fields, and each reason', async (t) => {
  const code = codeOf(await read('docs/reference.md'))
  const source = await read('types/events.ts')
  for (const [name] of source.matchAll(/\w+(?=Event extends SessionEvent|Event \{)/g)) {
    for (const member of membersOf(source, `${name}Event`)) t.ok(mentions(code, member), `${name}: ${member}`)
  }
  const literals = [...source.matchAll(/(?:type|reason): (.*)|\| ('[\w -]+')$/gm)].flatMap(([, list, one]) => [...(list ?? one ?? '').matchAll(/'([\w -]+)'/g)])
  t.ok(literals.length > 20)
  for (const [, literal = ''] of literals) t.ok(mentions(code, literal), literal)
})

t.test('docs/reference.md names each error code', async (t) => {
  const text = await read('docs/reference.md')
  const codes = [...(await read('lib/errors.ts')).matchAll(/'(FST_JWT_\w+)'/g)].map(([, code = '']) => code)
  t.ok(codes.length > 15)
  for (const code of codes) t.ok(text.includes(code), code)
})

/** All code spans and code blocks. */
function codeOf (page: string): string {
  return [...page.matchAll(/^```\w+\n([^]*?)^```$|`([^`\n]+)`/gm)].map(([, block, span]) => block ?? span).join('\n')
}

function mentions (code: string, name: string): boolean {
  return new RegExp(`(?<![\\w])${name.replaceAll('.', '\\.')}(?!\\w)`).test(code)
}

function membersOf (source: string, name: string): string[] {
  const file = ts.createSourceFile('types.ts', source, ts.ScriptTarget.Latest)
  const members = file.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name)?.members ?? []
  return [...members].flatMap((member) => member.name !== undefined && ts.isIdentifier(member.name) ? [member.name.text] : [])
}
