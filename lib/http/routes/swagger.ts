import type { FastifySchema } from 'fastify'

type SchemeName = 'refreshCookie' | 'accessCookie' | 'bearerAuth'

interface Scheme {
  type: string
  name?: string
  [field: string]: unknown
}

interface TransformInput {
  schema: FastifySchema
  url: string
  openapiObject?: { components?: { securitySchemes?: Record<string, Scheme> } }
  swaggerObject?: { securityDefinitions?: Record<string, unknown> }
}

/**
 * What a route's `config.swaggerTransform` is to `@fastify/swagger`, which calls it in place of the host's own transform:
 * that may expect the schemas of another library. `false` stands for none.
 */
export type SwaggerTransform = (input: TransformInput) => { schema: FastifySchema, url: string }

/**
 * Shows a route with its security scheme. `@fastify/swagger` throws where a route names a scheme that the document
 * does not declare, and only in its transform can we declare ours.
 */
export function createSwaggerTransform (scheme: SchemeName, cookieName?: string): SwaggerTransform {
  const openapi: Scheme = cookieName === undefined
    ? { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }
    : { type: 'apiKey', in: 'cookie', name: cookieName }
  // Swagger 2 knows neither cookies nor bearer tokens.
  const swagger = { type: 'apiKey', in: 'header', name: cookieName === undefined ? 'Authorization' : 'Cookie' }

  return function transform ({ schema, url, openapiObject, swaggerObject }) {
    let label: string = scheme
    if (openapiObject !== undefined) {
      openapiObject.components ??= {}
      const { securitySchemes = {} } = openapiObject.components
      label = labelFor(scheme, openapi, securitySchemes)
      openapiObject.components.securitySchemes = { [label]: openapi, ...securitySchemes }
    }
    if (swaggerObject !== undefined) {
      swaggerObject.securityDefinitions = { [scheme]: swagger, ...swaggerObject.securityDefinitions }
    }
    return { schema: { security: [{ [label]: [] }], ...schema } as FastifySchema, url }
  }
}

/** What the host declares under our label is taken; but a second registration's cookie of another name needs a label of its own. */
function labelFor (scheme: SchemeName, { name }: Scheme, declared: Record<string, Scheme>): string {
  const isAnother = (label: string): boolean => name !== undefined && (declared[label]?.name ?? name) !== name
  let label: string = scheme
  for (let count = 2; isAnother(label); count++) label = `${scheme}${count}`
  return label
}
