export interface Mark {
  /** Puts it on an object that is not frozen yet, and returns that. */
  put: <Value extends object>(value: Value) => Value
  isOn: (value: object) => boolean
}

/**
 * A mark of its own that no one else can put, copy or see. A WeakSet would do the same, but it makes each collection
 * of garbage walk all that it holds.
 */
export function createMark (): Mark {
  class Marked extends Returned {
    readonly #mark = true

    static isOn (value: object): boolean {
      return #mark in value
    }
  }
  return { put: (value) => new Marked(value) as typeof value, isOn: Marked.isOn }
}

/** A subclass adds its private fields to what this constructor returns. */
class Returned {
  constructor (value: object) {
    return value
  }
}
