import type { FastifyInstance } from 'fastify'
import { UnsupportedMediaTypeError } from '../../errors.ts'

/**
 * The content type parsers of the plugin's routes: JSON, and an empty body of any content type, which counts as no body. Fastify's
 * own parsers respond with 400 to an empty JSON body, and with 415 to an empty form.
 */
export function addBodyParsers (scope: FastifyInstance): void {
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) =>
    isEmpty(body) ? done(null, undefined) : parseJson(request, body, done))
  scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body: string, done) =>
    isEmpty(body) ? done(null, undefined) : done(new UnsupportedMediaTypeError()))
}

function isEmpty (body: string): boolean {
  return body.trim() === ''
}
