'use strict'

module.exports = {
  roots: ['<rootDir>/nest'],
  testTimeout: 60_000,
  transform: { '\\.ts$': ['ts-jest', { tsconfig: 'nest/tsconfig.json', diagnostics: false }] }
}
