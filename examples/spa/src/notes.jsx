import { useEffect, useState } from 'react'
import { callApi, postJson } from './auth.js'

export function Notes () {
  const [notes, setNotes] = useState([])
  const [problem, setProblem] = useState('')

  useEffect(() => {
    const leaving = new AbortController()
    callApi('/notes', { signal: leaving.signal })
      .then(setNotes)
      .catch(() => { if (!leaving.signal.aborted) setProblem('The notes could not be loaded. Please try again.') })
    return () => leaving.abort()
  }, [])

  async function add (event) {
    event.preventDefault()
    const form = event.target
    setProblem('')
    try {
      const note = await postJson('/notes', { text: new FormData(form).get('text') })
      setNotes((before) => [...before, note])
      form.reset()
    } catch {
      setProblem('The note was not added. Please try again.')
    }
  }

  return (
    <>
      <form onSubmit={add}>
        <label>New note <input name='text' maxLength='200' required /></label>
        <button>Add</button>
        {problem && <p role='alert'>{problem}</p>}
      </form>
      {notes.length === 0 ? <p className='hint'>No notes yet.</p> : <ul>{notes.map(({ id, text }) => <li key={id}>{text}</li>)}</ul>}
    </>
  )
}
