// What the widget's nodes are made of. Text becomes text nodes; links only to http, https, mailto and tel.

const ICONS = {
  chat: "M20 4H4a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h3v4l5-4h8a1 1 0 0 0 1-1V5a1 1 0 0 0-1-1z",
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21",
  muted: "M9 9v2a3 3 0 0 0 5 2.200M15 10V6a3 3 0 0 0-5.800-1M5.500 11a6.500 6.500 0 0 0 11 4.700M12 17.500V21M4 4l16 16",
  phone: "M5 4h4l1.500 5-2 1.500a12 12 0 0 0 5 5l1.500-2 5 1.500v4a1 1 0 0 1-1 1A16 16 0 0 1 4 5a1 1 0 0 1 1-1z",
  end: "M3 14c5-5 13-5 18 0l-2 3-4-1.500v-2.500a11 11 0 0 0-6 0v2.500L5 17z",
  stop: "M7 7h10v10H7z", send: "M12 20V5M5.500 11.500L12 5l6.500 6.500", close: "M6 6l12 12M18 6L6 18",
  note: "M4 10v4M8 6v12M12 9v6M16 4v16M20 10v4", hand: "M12 21a6 6 0 0 1-6-6V8a1.500 1.500 0 0 1 3 0v3V5a1.500 1.500 0 0 1 3 0v5-6a1.500 1.500 0 0 1 3 0v7-4a1.500 1.500 0 0 1 3 0v8a6 6 0 0 1-6 6z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 21a7.500 7.500 0 0 1 15 0", more: "M5 11v2M4 12h2M12 11v2M11 12h2M19 11v2M18 12h2",
  clip: "M20 11l-8.500 8.500a5 5 0 0 1-7-7L13 4a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400L14.500 7",
  up: "M7 11v9H4v-9zM7 11l4-8a2 2 0 0 1 2 2v4h6a1 1 0 0 1 1 1.200l-1.500 8a1 1 0 0 1-1 .8H7",
  down: "M17 13V4h3v9zM17 13l-4 8a2 2 0 0 1-2-2v-4H5a1 1 0 0 1-1-1.200l1.500-8A1 1 0 0 1 6.500 4H17",
}

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...children.filter(child => child || child === ""))
  return node
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  path.setAttribute("d", ICONS[name])
  svg.append(path)
  return svg
}

const button = (name, label, onclick, kind = "") => el("button", { type: "button", class: kind, "aria-label": label, title: label, onclick }, icon(name))

const worded = (label, onclick, kind = "edge") => el("button", { type: "button", class: kind, onclick }, el("bdi", {}, label))

const MARKS = /\*\*(.+?)\*\*|\[(\d{1,2})\]|(https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?])|(mailto:|tel:)?((?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|tel:(\+?[\d-]{5,})|(?<![\w.,:/-])([+0]\d[\d ()/-]{5,}\d)(?![\d:])/g

function link(href, text) {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", dir: "ltr" }, text)
}

// Hosts that the business calls its own: what a document says must not send visitors elsewhere.
let hosts = []

function own(url) {
  const host = URL.canParse(url) ? new URL(url).hostname : ""
  return hosts.some(known => host === known || host.endsWith(`.${known}`))
}

function inline(text, cite) {
  const nodes = []
  let from = 0
  for (const mark of text.matchAll(MARKS)) {
    const [whole, bold, number, url, , mail, phone, digits] = mark
    const node = bold ? el("b", {}, bold) : number ? cite(Number(number)) : url ? own(url) && link(url, url) : mail ? link(`mailto:${mail}`, mail) : phone ? link(`tel:${phone}`, phone) : el("bdi", { dir: "ltr" }, digits)
    if (!node) continue
    nodes.push(text.slice(from, mark.index), node)
    from = mark.index + whole.length
  }
  return [...nodes, text.slice(from)]
}

const paragraphs = (text, cite = () => null) => text.trim().split(/\n\s*\n/).map(part => el("p", { dir: "auto" }, ...inline(part, cite)))
