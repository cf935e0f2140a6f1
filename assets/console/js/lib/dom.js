// Building nodes. Text always becomes a text node: nothing here parses HTML.
const ICONS = new URL("../../icons.svg", import.meta.url).pathname
const SVG = "http://www.w3.org/2000/svg"

// el("p", { class: "muted" }, "text", node …); `onclick` and the like take functions.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...children.filter(child => child !== null && child !== undefined))
  return node
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("class", "icon")
  svg.setAttribute("aria-hidden", "true")
  const use = document.createElementNS(SVG, "use")
  use.setAttribute("href", `${ICONS}#${name}`)
  svg.append(use)
  return svg
}

// Makes these nodes the children of `host`. Those that stay are not touched, so focus and selection in them live on.
export function patch(host, nodes) {
  let at = host.firstChild
  for (const node of nodes) {
    if (node === at) at = at.nextSibling
    else host.insertBefore(node, at)
  }
  while (at) {
    const next = at.nextSibling
    at.remove()
    at = next
  }
}

// Nodes by key, rebuilt only when what they show has changed.
export class Drawn {
  #before = new Map()
  #now = new Map()

  get(key, shows, draw) {
    const known = this.#before.get(key)
    const kept = known?.shows === shows ? known : { shows, node: draw() }
    this.#now.set(key, kept)
    return kept.node
  }

  // Forgets what was not asked for since the last time.
  done() {
    this.#before = this.#now
    this.#now = new Map()
  }
}

// A copy of the <template> with that id.
export function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true)
}
