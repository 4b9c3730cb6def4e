'use strict'

module.exports = { preset: 'ts-jest' }
