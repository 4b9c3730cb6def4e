import { useState } from 'react'
import { auth } from './auth.js'

export function LogOut () {
  const [hasFailed, setFailed] = useState(false)

  function logOut () {
    setFailed(false)
    auth.logout().catch(() => setFailed(true)) // the session continues in this case
  }

  return (
    <>
      {hasFailed && <p role='alert'>You are still signed in: the API did not answer.</p>}
      <button onClick={logOut}>Log out</button>
    </>
  )
}
