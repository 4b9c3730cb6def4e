import { scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

export interface User {
  id: string
  email: string
  name: string
  role: 'admin' | 'user'
}

interface Account extends User {
  salt: string
  /** The scrypt hash of the password with Node.js' default parameters: 32 bytes in hex. */
  hash: string
}

// For the demo only: store your users in a database, each with a random salt. The passwords are wonderland and builder.
const accounts: Account[] = [
  {
    id: 'user-1',
    email: 'alice@example.com',
    name: 'Alice',
    role: 'admin',
    salt: '98f16c71e4f244a3e513712125623839',
    hash: '9969063f920b9ff6b8a8bf8d4c06228914a539e657d2045de19067a9d238d98a'
  },
  {
    id: 'user-2',
    email: 'bob@example.com',
    name: 'Bob',
    role: 'user',
    salt: 'd6759c173d3cba403de8b1202bf6cbe5',
    hash: '44f1b692bbc4e5b2dc6516e655473694ace0bcdb66d42755c6473b7bff20ac6d'
  }
]

/** For unknown addresses: they take as long as wrong passwords, so that the response time does not reveal who has an account. */
const nobody = { salt: '98f16c71e4f244a3e513712125623839', hash: '00'.repeat(32) }

const hashPassword = promisify<string, string, number, Buffer>(scrypt)

/** The user, or null if the address or the password is wrong. */
export async function checkPassword (email: string, password: string): Promise<User | null> {
  const account = accounts.find((one) => one.email === email.trim().toLowerCase())
  const { salt, hash } = account ?? nobody
  const isRight = timingSafeEqual(await hashPassword(password, salt, 32), Buffer.from(hash, 'hex'))
  return isRight && account !== undefined ? toUser(account) : null
}

export function findUser (id: string): User | null {
  const account = accounts.find((one) => one.id === id)
  return account === undefined ? null : toUser(account)
}

function toUser ({ id, email, name, role }: Account): User {
  return { id, email, name, role }
}
