import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { execute, root } from './fixtures/package.ts'

// Tests what is needed to publish. `npm run check:package` checks the contents of the tarball.

const ADDRESSES = {
  repository: { type: 'git', url: 'git+https://git.example/auth/fastify-jwt-refresh.git' },
  homepage: 'https://git.example/auth/fastify-jwt-refresh',
  bugs: { url: 'https://git.example/auth/fastify-jwt-refresh/issues' }
}

const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[], scripts: Record<string, string> }

t.test('npm publish says which addresses are missing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fastify-jwt-refresh-publish-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'package.json')

  async function check (fields: object): Promise<{ code: number, stderr: string }> {
    await writeFile(file, JSON.stringify(fields))
    return execute(process.execPath, [join(root, 'scripts/check-addresses.js'), file]).then(({ stderr }) => ({ code: 0, stderr }), (error) => error)
  }

  t.match(await check({}), { code: 1, stderr: 'package.json has no repository, no homepage, no bugs' })
  t.match(await check({ ...ADDRESSES, bugs: undefined }), { code: 1, stderr: /^package\.json has no bugs:/ })
  t.match(await check({ ...ADDRESSES, homepage: '' }), { code: 1, stderr: /^package\.json has no homepage:/ })
  t.strictSame(await check(ADDRESSES), { code: 0, stderr: '' })
  t.equal(manifest.scripts.prepublishOnly, 'node scripts/check-addresses.js')
})

t.test('the links of what is in the package lead to what is in the package', async (t) => {
  // npm always includes the first three.
  const packed = ['README.md', 'LICENSE', 'package.json', ...manifest.files]
  const docs = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  for (const page of ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...docs]) {
    const text = await readFile(join(root, page), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\((?!https:|#)([^)#]*)[^)]*\)/g)) {
      const target = normalize(join(dirname(page), link)).replaceAll('\\', '/')
      t.ok(packed.some((name) => target === name || target.startsWith(`${name}/`)), `${page}: ${link}`)
    }
  }
})

t.test('workflows name each action by its commit', async (t) => {
  const folder = join(root, '.github/workflows')
  const used = (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8'))))
    .flatMap((text) => [...text.matchAll(/\buses: (.*)$/gm)].map(([, action = '']) => action))
    .filter((action) => !action.startsWith('./'))
  t.ok(used.length > 2)
  for (const action of used) t.match(action, /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})

t.test('a release publishes the folder, with its provenance', async (t) => {
  const workflow = await readFile(join(root, '.github/workflows/release.yml'), 'utf8')
  t.strictSame(workflow.match(/npm publish.*/g), ['npm publish --provenance --access public'])
  t.match(workflow, /^ +id-token: write$/m)
})

t.test('a release has an SBOM, of what the lockfile pins and users get', async (t) => {
  const workflow = await readFile(join(root, '.github/workflows/release.yml'), 'utf8')
  t.match(workflow, /npm pkg delete devDependencies\n +npm install --package-lock-only --ignore-scripts\n +npm sbom --package-lock-only .*> (\S+)\n[^]*gh release upload .* \S+/)
  t.match(await readFile(join(root, '.github/workflows/ci.yml'), 'utf8'), /run: npm audit signatures$/m)
})

t.test('each lockfile pins what it installs by its hash, and names no registry', async (t) => {
  for (const folder of ['.', 'bench', 'consumers', 'consumers/orms', 'examples/nestjs', 'examples/server-rendered', 'examples/spa']) {
    const { packages } = JSON.parse(await readFile(join(root, folder, 'package-lock.json'), 'utf8')) as { packages: Record<string, { link?: true, integrity?: string, resolved?: string }> }
    const installed = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link)
    t.ok(installed.length > 0, folder)
    t.strictSame(installed.filter(([, { integrity, resolved }]) => !integrity?.startsWith('sha512-') || resolved !== undefined), [])
  }
})
