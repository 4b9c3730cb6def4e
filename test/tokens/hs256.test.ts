import { createHmac } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import { jwtVerify } from 'jose'
import t from 'tap'
import { createHs256 } from '../../lib/tokens/hs256.ts'
import { respelled, sign as signAnything } from '../fixtures/hostile-tokens.ts'

const SECRET = 'a secret of more than thirty-two bytes'
const secret = Buffer.from(SECRET)
const jwsHeader = { alg: 'HS256', typ: 'at+jwt' }
const header = Buffer.from(JSON.stringify(jwsHeader)).toString('base64url')
const payload = { sub: 'anna', name: 'Ænna 💥', none: undefined, nested: { 'a.b': [1, null, '"'] }, iat: 1_800_000_000, exp: 1_900_000_000 }
const read = JSON.parse(JSON.stringify(payload))

t.test('signs what @fastify/jwt signs, to the letter, and verifies it', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifyJwt, { secret, sign: { algorithm: 'HS256', kid: 'k1', header: jwsHeader } })
  const theirs = app.jwt.sign(payload)
  const { sign, verify } = createHs256(theirs.slice(0, theirs.indexOf('.')), secret)
  t.equal(sign(payload), theirs)
  t.equal(sign(payload), theirs, 'and again')
  t.strictSame(verify(theirs), read)
})

t.test('another library verifies it', async (t) => {
  const { payload, protectedHeader } = await jwtVerify(createHs256(header, secret).sign(read), secret, { currentDate: new Date(1_850_000_000_000) })
  t.strictSame(payload, read)
  t.strictSame(protectedHeader, jwsHeader)
})

t.test('no other text passes, wherever it differs', async (t) => {
  const { sign, verify } = createHs256(header, secret)
  const token = sign(payload)
  t.strictSame(verify(token), read)

  const texts = new Set<string>()
  for (let i = 0; i <= token.length; i++) {
    const [before, after] = [token.slice(0, i), token.slice(i)]
    const letter = after.charCodeAt(0)
    texts.add(before).add(after).add(before + after.slice(1)).add(`${before}.${after}`).add(`${before}=${after}`).add(`${before} ${after}`)
    // Letters that have the same low byte as the right one, or that differ in one bit.
    for (const other of [letter + 0x100, letter + 0x400, letter | 0x80, letter ^ 1, letter ^ 2, letter ^ 0x20]) {
      texts.add(before + String.fromCharCode(other) + after.slice(1))
    }
  }
  texts.add(`${token}.`).add(`${token}\0`).add(token + token).add(`${header}.${header}`).add(`${header}..${token.slice(-43)}`)
  for (const other of respelled(token)) texts.add(other)
  texts.delete(token)
  t.ok(texts.size > 2000, `${texts.size} texts`)
  for (const text of texts) {
    if (verify(text) !== 'signature') t.fail(text)
  }
})

t.test('neither does what this key signed with another header, or another key with this one', async (t) => {
  const { verify } = createHs256(header, secret)
  t.strictSame(verify(signAnything(jwsHeader, read, SECRET)), read)
  t.equal(verify(signAnything({ ...jwsHeader, typ: 'rt+jwt' }, read, SECRET)), 'signature')
  t.equal(verify(signAnything({ ...jwsHeader, alg: 'none' }, read, SECRET)), 'signature')
  t.equal(verify(signAnything(jwsHeader, read, `${SECRET} `)), 'signature')
  t.equal(verify(signAnything(jwsHeader, read, SECRET, 'sha512')), 'signature')
})

t.test('a payload that is signed but is no base64url does not pass', async (t) => {
  const { verify } = createHs256(header, secret)
  const encoded = Buffer.from(JSON.stringify(read)).toString('base64url')
  for (const [before, after] of [['', '='], ['', '=='], ['', '==junk'], ['', '\n'], [' ', ''], ['.', ''], ['', '+'], ['', '/'], ['\ufffd', ''], ['\ud800', '']]) {
    const input = `${header}.${before}${encoded}${after}`
    t.equal(verify(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`), 'malformed', JSON.stringify([before, after]))
  }
})

t.test('what is signed but holds no claims does not pass', async (t) => {
  const { verify } = createHs256(header, secret)
  for (const text of ['', '{', 'null', 'true', '1', '"claims"', '[]']) t.equal(verify(signAnything(jwsHeader, text, SECRET)), 'malformed', text)
})
