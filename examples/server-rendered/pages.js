import { html } from './html.js'

function layout (title, body) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      ${body}
    </main>
  </body>
</html>`
}

export function welcomePage (user) {
  return layout('Welcome', user === null
    ? html`<p>You are not signed in.</p><p><a href="/login">Log in</a></p>`
    : html`<p>You are signed in as ${user.name}.</p><p><a href="/account">Your account</a></p>`)
}

export function logInPage ({ email = '', problem = '' } = {}) {
  return layout('Log in', html`<form method="post" action="/login">
        <label>E-mail <input name="email" type="email" value="${email}" autocomplete="username" required></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
        <button class="main">Log in</button>
        ${problem && html`<p role="alert">${problem}</p>`}
      </form>
      <p class="hint">For this example: alice@example.com with the password wonderland, or bob@example.com with builder.</p>`)
}

export function accountPage (user) {
  return layout('Your account', html`<p>${user.email}</p>
      <form method="post" action="/account">
        <label>Name <input name="name" value="${user.name}" maxlength="100" required></label>
        <button class="main">Save</button>
      </form>
      <form method="post" action="/logout">
        <button>Log out</button>
      </form>`)
}

export function errorPage (title, message) {
  return layout(title, html`<p>${message}</p><p><a href="/">To the start</a></p>`)
}
