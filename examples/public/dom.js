export function element (id) {
  return document.getElementById(id)
}

export function create (tag, properties = {}, children = []) {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}
