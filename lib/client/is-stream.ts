/** Whether a body is a stream, which can be read only once. Not every browser's streams are iterable. */
export function isStream (body: any): body is object { // eslint-disable-line @typescript-eslint/no-explicit-any -- a body may be anything
  return Boolean(body?.getReader || body?.pipe || body?.[Symbol.asyncIterator])
}
