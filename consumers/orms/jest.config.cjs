'use strict'

const typescript = ['ts-jest', { tsconfig: 'nest/tsconfig.json', diagnostics: false }]

module.exports = {
  roots: ['<rootDir>/nest'],
  testTimeout: 60_000,
  // Fastify's app.inject() requires cookie 2, which is an ES module, and Jest cannot require ES modules.
  transform: { '\\.ts$': typescript, '/node_modules/cookie/.*\\.js$': ['ts-jest', { tsconfig: { allowJs: true, module: 'commonjs' }, diagnostics: false }] },
  transformIgnorePatterns: ['/node_modules/(?!cookie/)']
}
