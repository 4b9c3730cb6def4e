import { useState } from 'react'
import { auth } from './auth.js'

export function LogIn () {
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function logIn (event) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await auth.logIn(Object.fromEntries(new FormData(event.target))) // then App shows the notes, in every tab
    } catch (error) {
      setProblem(error.status === 401 ? 'Wrong e-mail or password.' : 'The API does not answer. Please try again.')
      setBusy(false)
    }
  }

  return (
    <form onSubmit={logIn}>
      <h1>Log in</h1>
      <label>E-mail <input name='email' type='email' autoComplete='username' required /></label>
      <label>Password <input name='password' type='password' autoComplete='current-password' required /></label>
      <button disabled={isBusy}>Log in</button>
      {problem && <p role='alert'>{problem}</p>}
      <p className='hint'>For this example: alice@example.com with the password wonderland, or bob@example.com with builder.</p>
    </form>
  )
}
