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
 * The `config.swaggerTransform` of a route. `@fastify/swagger` calls it instead of the host's own transform, which may expect the
 * schemas of another library. `false` means that no transform is called.
 */
export type SwaggerTransform = (input: TransformInput) => { schema: FastifySchema, url: string }

/**
 * Shows a route with its security scheme. `@fastify/swagger` throws if a route names a scheme that the document does not declare,
 * and the plugin can declare its own only in the transform.
 */
export function createSwaggerTransform (scheme: SchemeName, cookieName?: string): SwaggerTransform {
  const openapi: Scheme = cookieName === undefined
    ? { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }
    : { type: 'apiKey', in: 'cookie', name: cookieName }
  // Swagger 2 has neither cookies nor bearer tokens.
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

/** A scheme that the host has declared under this label is used. A second registration with another cookie name gets its own label. */
function labelFor (scheme: SchemeName, { name }: Scheme, declared: Record<string, Scheme>): string {
  const isAnother = (label: string): boolean => name !== undefined && (declared[label]?.name ?? name) !== name
  let label: string = scheme
  for (let count = 2; isAnother(label); count++) label = `${scheme}${count}`
  return label
}
