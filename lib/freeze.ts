/** Freezes a JSON value all the way down and returns it. */
export function deepFreeze<Value> (value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const name of Object.keys(value)) deepFreeze(value[name as keyof Value])
  return Object.freeze(value)
}
