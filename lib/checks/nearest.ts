/** The known name with the smallest edit distance, ignoring case; the first one if there are several. */
export function nearest (name: string, known: readonly string[]): string {
  const wanted = name.toLowerCase()
  const distances = known.map((candidate) => distance(wanted, candidate.toLowerCase()))
  return known[distances.indexOf(Math.min(...distances))] as string
}

/** The Levenshtein distance: how many letters must be inserted, removed or replaced. */
export function distance (from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] as number) + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1))
    }
    previous = current
  }
  return previous[to.length] as number
}
