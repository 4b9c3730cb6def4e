import type { AnyRequest } from '../../types/requests.ts'
import type { SessionMetadata } from '../../types/session.ts'
import { show } from '../checks/fields.ts'
import type { Config } from '../config.ts'
import { InvalidOptionError } from '../errors.ts'
import { metadataOf } from '../sessions/metadata.ts'

type MetadataFunction = (request: AnyRequest) => SessionMetadata | false

/** @throws InvalidOptionError */
export function parseMetadata (value: unknown): Config['metadata'] {
  if (value === undefined) return metadataOf
  if (value === false) return () => ({})
  if (typeof value === 'function') return keptBy(value as MetadataFunction)
  throw new InvalidOptionError(`metadata is ${show(value)}: give a function that returns an object for a request, or false to store nothing`)
}

function keptBy (metadata: MetadataFunction): Config['metadata'] {
  return (request) => {
    const kept = metadata(request)
    return kept === false ? {} : kept
  }
}
