import { scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const hashPassword = promisify(scrypt)

// In place of your users table. The passwords are wonderland and builder.
const users = [
  {
    id: 'user-1',
    email: 'alice@example.com',
    name: 'Alice',
    salt: '98f16c71e4f244a3e513712125623839',
    hash: '9969063f920b9ff6b8a8bf8d4c06228914a539e657d2045de19067a9d238d98a'
  },
  {
    id: 'user-2',
    email: 'bob@example.com',
    name: 'Bob',
    salt: 'd6759c173d3cba403de8b1202bf6cbe5',
    hash: '44f1b692bbc4e5b2dc6516e655473694ace0bcdb66d42755c6473b7bff20ac6d'
  }
]

// A password is hashed for unknown addresses too, so that the response time does not reveal who has an account.
const nobody = { salt: '98f16c71e4f244a3e513712125623839', hash: '00'.repeat(32) }

/** The user, or null if the address or the password is wrong. */
export async function checkPassword (email, password) {
  const found = users.find((one) => one.email === email.trim().toLowerCase())
  const { salt, hash } = found ?? nobody
  const isRight = timingSafeEqual(await hashPassword(password, salt, 32), Buffer.from(hash, 'hex'))
  return isRight && found !== undefined ? toUser(found) : null
}

export function findUser (id) {
  const found = users.find((one) => one.id === id)
  return found === undefined ? null : toUser(found)
}

function toUser ({ id, email, name }) {
  return { id, email, name }
}
