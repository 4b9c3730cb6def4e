import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { MemoryStore } from '../../lib/stores/memory.ts'
import { sampleRotation, sampleSession } from '../../lib/testing/store-checks/sample.ts'
import type { Session } from '../../types/session.ts'

// Strings with the same hash in the index: in such hashes, 'Aa' and 'BB' collide.
const collisions = ['Aa', 'BB'].flatMap((a) => ['Aa', 'BB'].flatMap((b) => ['Aa', 'BB'].map((c) => a + b + c)))
// Lengths around the limits of the columns: 22, 43, 36, and 92 including JSON.
const lengths = [22, 23, 36, 37, 43, 44, 92, 93, 254, 255, 256, 5000].map((length) => 'x'.repeat(length))
const texts = ['', 'ann', 'y'.repeat(22), ...lengths, 'Ænna', '\u00ff', '\u0100', '漢字', '💥', '\ud800', 'a\0b', ...collisions]
const text = fc.constantFrom(...texts)
const now = 1_700_000_000_000

type Step =
  | { do: 'create', id: string, subject: string, current: string, payload: string }
  | { do: 'rotate', id: string, current: string, right: boolean }
  | { do: 'delete', id: string, right: boolean | null }
  | { do: 'deleteAll', subject: string, except: string | null }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('create' as const), id: text, subject: text, current: text, payload: text }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rotate' as const), id: text, current: text, right: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), id: text, right: fc.option(fc.boolean()) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteAll' as const), subject: text, except: fc.option(text) }) }
)

t.test('holds what a plain Map would, whatever the texts', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const store = new MemoryStore({ now: () => now })
    const model = new Map<string, Session>()
    for (const step of steps) await take(step, store, model)
    for (const id of texts) deepStrictEqual(await store.find(id), model.get(id) ?? null)
    for (const subject of texts) {
      const listed = (await store.list(subject)).sort((a, b) => a.id < b.id ? -1 : 1)
      deepStrictEqual(listed, [...model.values()].filter((session) => session.subject === subject).sort((a, b) => a.id < b.id ? -1 : 1))
    }
  }), { numRuns: 300 })
})

t.test('so it does with thousands of them that come and go', async (t) => {
  const store = new MemoryStore({ now: () => now })
  const model = new Map<string, Session>()
  for (let i = 0; i < 20_000; i++) {
    await take({ do: 'create', id: `id ${i}`, subject: `subject ${i % 50}`, current: String(i), payload: texts[i % texts.length] as string }, store, model)
    if (i % 3 > 0) await take({ do: 'delete', id: `id ${(i * 7919) % (i + 1)}`, right: null }, store, model)
    if (i % 4 > 0) await take({ do: 'rotate', id: `id ${(i * 104_729) % (i + 1)}`, current: `after ${i}`, right: true }, store, model)
  }
  t.ok(model.size > 5000, `${model.size} are left`)
  for (let i = 0; i < 20_000; i++) deepStrictEqual(await store.find(`id ${i}`), model.get(`id ${i}`) ?? null)
})

async function take (step: Step, store: MemoryStore, model: Map<string, Session>): Promise<void> {
  switch (step.do) {
    case 'create': {
      const { id, subject, current, payload } = step
      if (model.has(id)) return
      const session = sampleSession({ id, subject, current, createdAt: now, rotatedAt: now, expiresAt: now + 1000, endsAt: now + 2000, claims: { sub: subject, payload }, metadata: {} })
      model.set(id, session)
      return await store.create(session)
    }
    case 'rotate': {
      const held = model.get(step.id)
      const expected = step.right && held ? held.current : 'another'
      const next = sampleRotation(held ?? sampleSession(), { current: step.current, rotatedAt: now, expiresAt: now + 1500 })
      const rotated = held && step.right ? { ...held, ...next } : null
      if (rotated !== null) model.set(step.id, rotated)
      return deepStrictEqual(await store.rotate(step.id, expected, next, now), rotated)
    }
    case 'delete': {
      const held = model.get(step.id)
      const expected = step.right === null ? undefined : step.right && held ? held.current : 'another'
      const deleted = held !== undefined && step.right !== false
      if (deleted) model.delete(step.id)
      return deepStrictEqual(await store.delete(step.id, expected), deleted)
    }
    case 'deleteAll': {
      const doomed = [...model.values()].filter(({ id, subject }) => subject === step.subject && id !== step.except)
      for (const { id } of doomed) model.delete(id)
      return deepStrictEqual(await store.deleteAll(step.subject, step.except ?? undefined), doomed.length)
    }
  }
}
