import type { Session, SessionClaims, SessionMetadata } from '../../types/session.ts'

type Packed = [claims: Record<string, unknown>, metadata: SessionMetadata, sub?: string]

/** What of a session never changes and is only carried along. `sub` is nearly always the subject, which every store keeps anyway. */
export function packPayload ({ subject, claims, metadata }: Session): string {
  const { sub, ...rest } = claims
  const packed: Packed = sub === subject ? [rest, metadata] : [rest, metadata, sub]
  return JSON.stringify(packed)
}

/** A new object at every call, so that a store never shares one with its callers. */
export function unpackPayload (packed: string, subject: string): { claims: SessionClaims, metadata: SessionMetadata } {
  const [claims, metadata, sub = subject] = JSON.parse(packed) as Packed
  return { claims: { sub, ...claims }, metadata }
}
