import type { FastifyInstance } from 'fastify'
import { InvalidBodyError } from '../../errors.ts'
import { own } from '../../json.ts'

/**
 * The validator and serializer compilers of the plugin's routes. A host may have set those of zod or another library at its root,
 * which cannot compile JSON schemas, and Fastify's own are in packages that the plugin does not depend on.
 */
export function setCompilers (scope: FastifyInstance): void {
  scope.setValidatorCompiler(({ httpPart }) => httpPart === 'body' ? checkBody : acceptAll)
  scope.setSerializerCompiler(() => JSON.stringify)
}

/** Checks what the schemas of refresh and logout say about the body. */
function checkBody (body: unknown): true | { error: Error } {
  if (body === undefined || body === null) return true
  if (typeof body !== 'object' || Array.isArray(body)) return { error: new InvalidBodyError() }
  const [refreshToken, everywhere] = [own(body, 'refreshToken'), own(body, 'everywhere')]
  if (refreshToken !== undefined && typeof refreshToken !== 'string') return { error: new InvalidBodyError() }
  if (everywhere !== undefined && typeof everywhere !== 'boolean') return { error: new InvalidBodyError() }
  return true
}

/** The only other input is the `:id` of a session, which is always a string. */
function acceptAll (): true {
  return true
}
