/** Shows enough of a token to distinguish two tokens, but too little to use it. */
export function mask (token) {
  return `${token.slice(0, 6)}…${token.slice(-6)}`
}

/** @param {number} time milliseconds since the epoch */
export function clockTime (time) {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
}

export function dateTime (time) {
  const date = new Date(time)
  const today = date.toDateString() === new Date().toDateString()
  return today ? clockTime(time) : date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' })
}

const BROWSERS = [['Edge', /Edg\//], ['Opera', /OPR\//], ['Firefox', /Firefox\//], ['Chrome', /Chrome\//], ['Safari', /Safari\//], ['curl', /^curl\//]]
const SYSTEMS = [['Android', /Android/], ['iPhone', /iPhone/], ['iPad', /iPad/], ['Windows', /Windows/], ['macOS', /Mac OS X/], ['Linux', /Linux/]]

/** For example "Firefox on Windows", as far as the user agent reveals it. */
export function deviceName (userAgent = '') {
  const nameIn = (list) => list.find(([, pattern]) => pattern.test(userAgent))?.[0]
  const browser = nameIn(BROWSERS) ?? 'Unknown browser'
  const system = nameIn(SYSTEMS)
  return system === undefined ? browser : `${browser} on ${system}`
}
