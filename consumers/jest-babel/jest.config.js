module.exports = {
  // Fastify's app.inject() loads it, and it is an ES module.
  transformIgnorePatterns: ['/node_modules/(?!cookie/)']
}
