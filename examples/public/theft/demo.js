/** Calls the routes of one setting (examples/theft/routes.ts), and keeps what the thief has stolen. */
export function createDemo (setting) {
  // The stolen cookie survives a reload of the page, like the victim's cookie.
  const key = `stolen cookie: ${setting}`

  async function post (path, body) {
    const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return await fetch(`/theft/${setting}${path}`, { method: 'POST', ...init })
  }

  return {
    hasCopy: () => sessionStorage.getItem(key) !== null,

    async view () {
      const response = await fetch(`/theft/${setting}/family`)
      return await response.json()
    },

    async login () {
      await post('/login')
      sessionStorage.removeItem(key) // It belongs to the previous session.
    },

    async victim () {
      await post('/auth/refresh')
    },

    async copy () {
      const response = await post('/copy')
      if (response.ok) sessionStorage.setItem(key, (await response.json()).cookie)
    },

    async thief () {
      const response = await post('/replay', { cookie: sessionStorage.getItem(key) })
      sessionStorage.setItem(key, (await response.json()).cookie)
    },

    async wait () {
      await post('/wait')
    },

    async lose () {
      await post('/lose')
    }
  }
}
