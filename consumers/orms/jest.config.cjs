'use strict'

const typescript = ['ts-jest', { tsconfig: 'nest/tsconfig.json', diagnostics: false }]

module.exports = {
  roots: ['<rootDir>/nest'],
  testTimeout: 60_000,
  // cookie 2, which Fastify's inject needs, is an ES module, and Jest loads none by require.
  transform: { '\\.ts$': typescript, '/node_modules/cookie/.*\\.js$': ['ts-jest', { tsconfig: { allowJs: true, module: 'commonjs' }, diagnostics: false }] },
  transformIgnorePatterns: ['/node_modules/(?!cookie/)']
}
