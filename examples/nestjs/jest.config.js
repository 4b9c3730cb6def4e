'use strict'

module.exports = { preset: 'ts-jest', roots: ['<rootDir>/src'] }
