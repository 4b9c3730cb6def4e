import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import { jwtVerify } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { createHmacSigner } from '../lib/hmac-signer.ts'

const secret = Buffer.from('a secret of more than thirty-two bytes')
const payload = { sub: 'anna', name: 'Ænna 💥', none: undefined, nested: { 'a.b': [1, null, '"'] }, iat: 1_800_000_000, exp: 1_900_000_000 }

async function jwtOf (t: Test): Promise<(payload: object) => string> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifyJwt, { secret, sign: { algorithm: 'HS256', kid: 'k1', header: { alg: 'HS256', typ: 'at+jwt' } } })
  return (payload) => app.jwt.sign(payload)
}

t.test('signs what @fastify/jwt signs, to the letter', async (t) => {
  const theirs = (await jwtOf(t))(payload)
  const sign = createHmacSigner(theirs.slice(0, theirs.indexOf('.')), secret)
  t.equal(sign(payload), theirs)
  t.equal(sign(payload), theirs, 'and again')
})

t.test('another library verifies it', async (t) => {
  const header = Buffer.from('{"alg":"HS256","typ":"at+jwt"}').toString('base64url')
  const { payload: verified, protectedHeader } = await jwtVerify(createHmacSigner(header, secret)(payload), secret, { currentDate: new Date(1_850_000_000_000) })
  t.strictSame(verified, JSON.parse(JSON.stringify(payload)))
  t.strictSame(protectedHeader, { alg: 'HS256', typ: 'at+jwt' })
})
