import type { Move } from './moves.ts'
import { LOGIN, NEWBORN } from './world.ts'

const FORGOTTEN = 'an old token'

/** Describes the moves in words. A token keeps one name: its generation, with a letter if there are several of that generation. */
export function tell (moves: Move[]): string[] {
  let labels = new Map<number, string>([[0, FORGOTTEN], [LOGIN, '1']])
  const born = new Map<number, number>()

  return moves.map(({ name, next, parent }) => {
    if (parent !== null && name.includes(`#${NEWBORN}`)) labels.set(NEWBORN, birth(labels.get(parent.id)!))
    const words = name.replace(/#(\d+)/g, (_, id: string) => labels.get(Number(id)) ?? '?')
    if (next !== null) labels = renamed(labels, next.names)
    return words
  })

  function birth (parent: string): string {
    const generation = parseInt(parent, 10) + 1
    const elder = born.get(generation) ?? 0
    born.set(generation, elder + 1)
    return `${generation}${elder === 0 ? '' : String.fromCharCode(97 + elder)}`
  }
}

function renamed (labels: Map<number, string>, names: Uint8Array): Map<number, string> {
  const after = new Map([[0, FORGOTTEN]])
  for (const [id, label] of labels) if (names[id] !== 0) after.set(names[id]!, label)
  return after
}
