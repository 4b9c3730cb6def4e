/** Whether a body is a stream, which can be read once only. Not in every browser are its own streams iterable. */
export function isStream (body: unknown): body is object {
  return typeof body === 'object' && body !== null && ('getReader' in body || 'pipe' in body || Symbol.asyncIterator in body)
}
