import type { Session, SessionClaims, SessionMetadata } from '../../types/session.ts'

type Packed = [claims: Record<string, unknown>, metadata: SessionMetadata, sub?: string]

/** The parts of a session that never change and that a store only keeps. `sub` is nearly always the subject, which is stored anyway. */
export function packPayload ({ subject, claims, metadata }: Session): string {
  const { sub, ...rest } = claims
  const packed: Packed = sub === subject ? [rest, metadata] : [rest, metadata, sub]
  return JSON.stringify(packed)
}

/** Returns new objects at every call, so that a store never shares them with its callers. */
export function unpackPayload (packed: string, subject: string): { claims: SessionClaims, metadata: SessionMetadata } {
  const [claims, metadata, sub = subject] = JSON.parse(packed) as Packed
  return { claims: { sub, ...claims }, metadata }
}
