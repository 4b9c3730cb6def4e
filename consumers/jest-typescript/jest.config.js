module.exports = {
  preset: 'ts-jest/presets/js-with-ts',
  // Fastify's app.inject() loads it, and it is an ES module.
  transformIgnorePatterns: ['/node_modules/(?!cookie/)']
}
