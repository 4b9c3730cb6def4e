const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

class Html {
  constructor (text) {
    this.text = text
  }
}

/** An HTML template, as in html`<p>${name}</p>`. Values are escaped unless they are templates themselves. */
export function html (parts, ...values) {
  return new Html(parts.reduce((text, part, i) => text + toHtml(values[i - 1]) + part))
}

function toHtml (value) {
  return value instanceof Html ? value.text : String(value).replace(/[&<>"']/g, (sign) => ENTITIES[sign])
}
