import type { FastifySchema } from 'fastify'
import type { Config } from '../../config.ts'

const tokenResponse = {
  description: 'New tokens',
  type: 'object',
  required: ['tokenType', 'expiresIn'],
  properties: {
    accessToken: { type: 'string' },
    tokenType: { type: 'string' },
    expiresIn: { type: 'integer', description: 'Seconds' },
    refreshToken: { type: 'string', description: 'If the refresh token came in the body: the new one, or the one that was sent' }
  }
}

const noContent = { description: 'Done', type: 'null' }

const session = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    createdAt: { type: 'integer', description: 'Milliseconds since the epoch' },
    lastUsedAt: { type: 'integer', description: 'Milliseconds since the epoch' },
    expiresAt: { type: 'integer', description: 'Milliseconds since the epoch' },
    metadata: { type: 'object', additionalProperties: true },
    current: { type: 'boolean', description: 'Whether it is the session of this request' }
  }
}

const refreshToken = { type: 'string', description: 'For clients without a cookie jar' }
const everywhere = { type: 'boolean', description: 'End all sessions of the user' }

/** There are response schemas only for 2xx: the host's error handler decides how errors look. */
export interface RouteSchemas {
  refresh: FastifySchema
  logout: FastifySchema
  listSessions: FastifySchema
  deleteSession: FastifySchema
  jwks: FastifySchema
}

export function createSchemas ({ accessToken, refreshToken: { transport } }: Config): RouteSchemas {
  const newTokens = {
    ...tokenResponse,
    required: [...(accessToken.transport === 'cookie' ? [] : ['accessToken']), ...tokenResponse.required],
    properties: { ...tokenResponse.properties, tokenType: { type: 'string', enum: accessToken.isBound ? ['Bearer', 'DPoP'] : ['Bearer'] } }
  }
  const inBody = transport === 'cookie' ? {} : { refreshToken }
  return {
    refresh: {
      summary: 'Refresh the access token',
      ...(transport !== 'cookie' && { body: { type: 'object', properties: inBody } }),
      response: { 200: newTokens }
    },
    logout: {
      summary: 'Log out',
      body: { type: 'object', properties: { ...inBody, everywhere } },
      response: { 204: noContent }
    },
    listSessions: { summary: 'List my sessions', response: { 200: { description: 'My sessions', type: 'array', items: session } } },
    deleteSession: {
      summary: 'End one of my sessions',
      params: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      response: { 204: noContent }
    },
    jwks: {
      summary: 'Public keys of the access tokens',
      response: { 200: { description: 'RFC 7517 §5', type: 'object', properties: { keys: { type: 'array', items: { type: 'object', additionalProperties: true } } } } }
    }
  } as RouteSchemas
}
