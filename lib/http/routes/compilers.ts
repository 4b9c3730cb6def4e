import type { FastifyInstance } from 'fastify'
import { InvalidBodyError } from '../../errors.ts'
import { own } from '../../json.ts'

/**
 * The compilers of our routes' scope. A host may have set those of zod or another library at its root, which know
 * nothing of our JSON schemas, and Fastify's own are not ours to import.
 */
export function setCompilers (scope: FastifyInstance): void {
  scope.setValidatorCompiler(({ httpPart }) => httpPart === 'body' ? checkBody : acceptAll)
  scope.setSerializerCompiler(() => JSON.stringify)
}

/** What the schemas of refresh and logout say of a body. */
function checkBody (body: unknown): true | { error: Error } {
  if (body === undefined || body === null) return true
  if (typeof body !== 'object' || Array.isArray(body)) return { error: new InvalidBodyError() }
  const [refreshToken, everywhere] = [own(body, 'refreshToken'), own(body, 'everywhere')]
  if (refreshToken !== undefined && typeof refreshToken !== 'string') return { error: new InvalidBodyError() }
  if (everywhere !== undefined && typeof everywhere !== 'boolean') return { error: new InvalidBodyError() }
  return true
}

/** Only the `:id` of a session is left, and that is a string. */
function acceptAll (): true {
  return true
}
