/** Whether a request's body is a stream: once it is sent, it cannot be read again. */
export function isStream (body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('pipe' in body || Symbol.asyncIterator in body)
}
