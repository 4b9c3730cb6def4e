import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import Fastify from 'fastify'
import jwtRefresh from 'fastify-jwt-refresh'
import { accountPage, errorPage, logInPage, welcomePage } from './pages.js'
import { checkPassword, findUser, renameUser } from './users.js'

// Allows no scripts, no embedding in frames, and no forms that submit to other sites.
const POLICY = "default-src 'self'; script-src 'none'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const credentials = body({ email: { type: 'string' }, password: { type: 'string' } })
const account = body({ name: { type: 'string', minLength: 1, maxLength: 100 } })

// Without your own `secret`, a restart logs everyone out. So does the default store, which keeps sessions in memory.
export async function buildApp ({ secret = randomBytes(32), ...options } = {}) {
  const app = Fastify(options)
  await app.register(jwtRefresh, {
    secret,
    accessToken: { transport: 'cookie' },
    cookie: { sameSite: 'lax' } // a link in a mail opens a page with its user signed in
  })

  // The forms of HTML.
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) =>
    done(null, Object.fromEntries(new URLSearchParams(text))))

  const style = await readFile(new URL('style.css', import.meta.url))
  app.get('/style.css', async (_request, reply) => reply.type('text/css').send(style))

  app.get('/', { onRequest: [app.authenticateOrRefresh], config: { jwtRefresh: 'optional' } }, async (request, reply) =>
    sendPage(reply, welcomePage(request.user === undefined ? null : findUser(request.user.sub))))

  app.get('/login', async (_request, reply) => sendPage(reply, logInPage()))

  app.post('/login', { schema: { body: credentials } }, async (request, reply) => {
    const { email, password } = request.body
    const user = await checkPassword(email, password)
    if (user === null) return sendPage(reply.code(401), logInPage({ email, problem: 'Wrong e-mail or password.' }))
    await reply.issueTokens({ sub: user.id }) // sets both cookies
    return reply.redirect('/account', 303)
  })

  app.get('/account', { onRequest: [app.authenticateOrRefresh] }, async (request, reply) =>
    sendPage(reply, accountPage(findUser(request.user.sub))))

  // A form on another site gets a 403: for POST requests, the plugin accepts the cookies only from pages of the app.
  app.post('/account', { onRequest: [app.authenticateOrRefresh], schema: { body: account } }, async (request, reply) => {
    renameUser(request.user.sub, request.body.name)
    return reply.redirect('/account', 303)
  })

  app.post('/logout', async (_request, reply) => {
    await reply.revokeTokens() // clears both cookies
    return reply.redirect('/', 303)
  })

  app.setErrorHandler((error, request, reply) => {
    const { statusCode: status = 500 } = error
    if (status === 401) return reply.redirect('/login', 303) // nobody is signed in
    if (status >= 500) request.log.error(error)
    return sendPage(reply.code(status), errorPage(`Error ${status}`, status >= 500 ? 'Please try again later.' : error.message))
  })

  return app
}

/** Must not be cached, because the page shows who is signed in. */
function sendPage (reply, page) {
  return reply.type('text/html').headers({ 'cache-control': 'private, no-store', 'content-security-policy': POLICY }).send(page.text)
}

function body (properties) {
  return { type: 'object', required: Object.keys(properties), properties }
}
