/** Freezes a JSON value all the way down, however deep, and returns it. */
export function deepFreeze<Value extends object> (value: Value): Value {
  const objects: object[] = [value]
  for (const one of objects) {
    for (const inner of Object.values(one)) {
      if (typeof inner === 'object' && inner !== null) objects.push(inner)
    }
    Object.freeze(one)
  }
  return value
}
