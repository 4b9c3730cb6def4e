import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createHmacSha256 } from '../lib/hmac.ts'

const reference = (secret: Buffer, text: string): string => createHmac('sha256', secret).update(text).digest('base64url')

t.test('RFC 4231: the test cases whose data is text', async (t) => {
  const cases: Array<[string, string, string]> = [
    ['0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [Buffer.from('Jefe').toString('hex'), 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    ['aa'.repeat(131), 'Test Using Larger Than Block-Size Key - Hash Key First', '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'],
    ['aa'.repeat(131), 'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2']
  ]
  for (const [secret, text, digest] of cases) {
    t.equal(createHmacSha256(Buffer.from(secret, 'hex'))(text), Buffer.from(digest, 'hex').toString('base64url'))
  }
})

t.test('what createHmac says, for secrets and texts of all kinds and lengths, one after the other', async (t) => {
  const secrets = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 200 }), ...[32, 63, 64, 65].map((length) => fc.uint8Array({ minLength: length, maxLength: length })))
  const texts = fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 300 })), { maxLength: 5 })
  fc.assert(fc.property(secrets, texts, (bytes, texts) => {
    const secret = Buffer.from(bytes)
    const hmac = createHmacSha256(secret)
    return texts.every((text) => hmac(text) === reference(secret, text))
  }))

  const secret = Buffer.alloc(32, 1)
  const hmac = createHmacSha256(secret)
  for (const unit of ['a', 'é', '漢', '💥', '\ud800']) {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 1024, 2047, 2048, 2049, 6144, 6145, 100_000]) {
      const text = unit.repeat(length)
      if (hmac(text) !== reference(secret, text)) t.fail(`${JSON.stringify(unit)} × ${length}`)
    }
  }
  t.equal(hmac('short'), reference(secret, 'short'), 'nothing of a longer text is left over')
})
