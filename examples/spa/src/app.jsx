import { useAuth } from 'fastify-jwt-refresh/client/react'
import { auth } from './auth.js'
import { LogIn } from './log-in.jsx'
import { LogOut } from './log-out.jsx'
import { Notes } from './notes.jsx'

export function App () {
  const { status, claims, error } = useAuth(auth)
  // After a reload, the page has no access token yet and requests one from the API.
  if (status === 'unknown') return <p role='status'>{error ? 'The API does not answer. Trying again…' : 'Loading…'}</p>
  if (status === 'signed-out') return <LogIn />
  return (
    <>
      <header>
        <h1>Notes of {claims.name}</h1>
        <LogOut />
      </header>
      <Notes key={claims.sub} />
    </>
  )
}
