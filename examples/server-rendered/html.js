const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

class Html {
  constructor (text) {
    this.text = text
  }
}

/** A template of HTML: html`<p>${name}</p>`. What is filled in is escaped, unless it is such a template itself. */
export function html (parts, ...values) {
  return new Html(parts.reduce((text, part, i) => text + toHtml(values[i - 1]) + part))
}

function toHtml (value) {
  return value instanceof Html ? value.text : String(value).replace(/[&<>"']/g, (sign) => ENTITIES[sign])
}
