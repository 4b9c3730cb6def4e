/** A Web Crypto key pair for ECDSA on P-256 (`CryptoKeyPair`). The private key should not be extractable. */
export interface ProofKeyPair {
  readonly privateKey: object
  readonly publicKey: object
}

/** Stores the key from the login to the logout. */
export interface ProofKeyStorage {
  /** Returns the stored key, or null or undefined if there is none. */
  load (): ProofKeyPair | null | undefined | Promise<ProofKeyPair | null | undefined>
  /** Called with a new key before the login that uses it, and with null after a logout. */
  save (key: ProofKeyPair | null): unknown
}

// Declared here rather than taken from the DOM library, as in page.ts.

interface IndexedDb {
  open (name: string, version: number): OpenRequest
}

interface DbRequest<Result> {
  result: Result
  error: Error
  onsuccess: () => void
  onerror: () => void
}

interface OpenRequest extends DbRequest<Database> {
  onupgradeneeded: () => void
}

interface Database {
  createObjectStore (name: string): void
  transaction (name: string, mode: 'readonly' | 'readwrite'): { objectStore (name: string): ObjectStore }
  onclose: () => void
}

interface ObjectStore {
  get (id: string): DbRequest<ProofKeyPair | undefined>
  add (key: ProofKeyPair, id: string): DbRequest<unknown>
  delete (id: string): DbRequest<unknown>
}

const DATABASE = 'fastify-jwt-refresh'
const STORE = 'keys'

/**
 * Keeps the key in IndexedDB, which all tabs of an origin share and which can store a private key that no script can read. An
 * attacker's script can use the key while it runs in the page, but cannot copy it.
 *
 * @param nameOf returns the name of the key, which distinguishes the clients of several servers
 */
export function createIndexedDbStorage (nameOf: () => string): ProofKeyStorage {
  let opened: Promise<Database> | undefined

  async function open (): Promise<Database> {
    const { indexedDB } = globalThis as { indexedDB?: IndexedDb }
    if (!indexedDB) throw new TypeError('withDpop: there is no IndexedDB: give the option keys: { load, save }')
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    const database = await settled(request)
    // Called if the user clears the site's data.
    database.onclose = () => { opened = undefined }
    return database
  }

  async function openStore (mode: 'readonly' | 'readwrite'): Promise<ObjectStore> {
    opened ??= open()
    try {
      return (await opened).transaction(STORE, mode).objectStore(STORE)
    } catch (error) {
      opened = undefined
      throw error
    }
  }

  return {
    async load () {
      return await settled((await openStore('readonly')).get(nameOf()))
    },
    async save (key) {
      const store = await openStore('readwrite')
      // If another tab was faster, its key is kept.
      await settled(key === null ? store.delete(nameOf()) : store.add(key, nameOf())).catch((error: Error) => {
        if (error.name !== 'ConstraintError') throw error
      })
    }
  }
}

function settled<Result> (request: DbRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
