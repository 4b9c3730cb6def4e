import type { Session } from '../../../types/session.ts'
import { randomName, sampleSession, type Make } from './sample.ts'

const HOST_SUBJECTS = 12

/** For a store whose subjects can be any strings. */
export const makeFreely: Make = {
  subject: async (prefix = 'subject') => randomName(prefix),
  subjects: async () => hostileSubjects(),
  session: async (fields) => sampleSession(fields)
}

/** For a store whose subjects the host must create, such as rows in the table of users to which a foreign key refers. */
export function makeFor (hostSubject: () => unknown): Make {
  async function subject (): Promise<string> {
    const made = await hostSubject()
    if (typeof made === 'string' && made !== '') return made
    throw new TypeError('testStore: subject must resolve to a non-empty string')
  }

  return {
    subject,
    async subjects () {
      const made: string[] = []
      for (let i = 0; i < HOST_SUBJECTS; i++) made.push(await subject())
      return made
    },
    async session (fields: Partial<Session> = {}) {
      return sampleSession({ ...fields, subject: fields.subject ?? await subject() })
    }
  }
}

/** Different subjects that some language, database or collation treats as equal, similar or special. */
function hostileSubjects (): string[] {
  const tag = randomName('Tag')
  const alike = [
    tag, tag.toLowerCase(), `${tag} `, ` ${tag}`, `${tag}:a`, `${tag}:a:b`, `${tag}*`, `${tag}%`, `${tag}_`, `${tag}?`,
    `${tag}'`, `${tag}"`, `${tag}\\`, `${tag}\n`, `${tag}\r\n`, `{${tag}}`, `[${tag}]`, `${tag}; DROP TABLE sessions; --`,
    `${tag}é`, `${tag}e\u0301`, `${tag}e`, `${tag}ß`, `${tag}ss`, `${tag}😀`, `${tag}${'x'.repeat(1_000)}`, `${tag}${'x'.repeat(1_001)}`
  ]
  return [...alike, '__proto__', 'constructor', 'toString', '*', '%', '_', '"', "'", '\\', '\n', ' ']
}
