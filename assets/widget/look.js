// How the widget looks, and what its nodes are made of. Text becomes text nodes; links only to http, https, mailto and tel.

const CSS = `
:host { all: initial; --accent: #0f6b57; --on: #fff; --page: #fff; --sunk: #f3f2ee; --text: #1b211e; --soft: #56605b; --line: #dcd9d1; --warn: #b0281a;
  color-scheme: light dark; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; color: var(--text); }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { --page: #191d1b; --sunk: #262b28; --text: #eef1ee; --soft: #a9b3ae; --line: #3b423e; --warn: #ff9d8f; } }
:host([theme=dark]) { --page: #191d1b; --sunk: #262b28; --text: #eef1ee; --soft: #a9b3ae; --line: #3b423e; --warn: #ff9d8f; }
* { box-sizing: border-box; }
[hidden], :host([hidden]) { display: none !important; }
button, textarea { font: inherit; color: inherit; }
button { min-width: 44px; min-height: 44px; border: 0; border-radius: 12px; background: none; cursor: pointer; display: inline-flex; align-items: center; justify-content: center; gap: 6px; padding: 0 10px; }
button:hover { background: var(--sunk); }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.fill, .launch { background: var(--accent); color: var(--on); }
.fill:hover, .launch:hover { background: var(--accent); filter: brightness(1.12); }
.edge { border: 1px solid var(--line); font-size: 14px; }
.end { background: #b0281a; color: #fff; } .end:hover { background: #94200f; }
[aria-pressed=true] { background: var(--accent); color: var(--on); }
.launch { position: fixed; z-index: 2147483000; inset-block: auto 20px; inset-inline: auto 20px; width: 60px; height: 60px; border-radius: 50%; box-shadow: 0 6px 24px rgb(0 0 0 / 28%); }
.launch svg { width: 28px; height: 28px; } .launch:dir(rtl) svg { transform: scaleX(-1); }
.panel { display: flex; flex-direction: column; background: var(--page); color: var(--text); min-height: 0; }
:host(:not([mode])) .panel { position: fixed; z-index: 2147483000; inset-block: auto 92px; inset-inline: auto 20px; width: 384px; height: min(620px, calc(100dvh - 112px)); border: 1px solid var(--line); border-radius: 18px; overflow: hidden; box-shadow: 0 14px 50px rgb(0 0 0 / 30%); }
@media (max-width: 480px) { :host(:not([mode])) .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; } }
:host([mode=page]) { display: block; height: 100%; } :host([mode=page]) .panel { height: 100%; }
:host([mode=page]) .panel > :not(.tiny) { width: 100%; max-width: 46rem; margin-inline: auto; }
:host([mode=bar]) { display: block; } :host([mode=bar]) .panel { background: none; }
header { display: flex; align-items: center; gap: 8px; padding: 8px; padding-inline-start: 18px; border-bottom: 1px solid var(--line); }
h2 { margin: 0; flex: 1; font-size: 17px; font-weight: 650; overflow-wrap: anywhere; }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px; display: flex; flex-direction: column; gap: 12px; }
.log:focus-visible { outline-offset: -3px; }
.said { max-width: 88%; padding: 9px 13px; border-radius: 16px; background: var(--sunk); overflow-wrap: anywhere; align-self: flex-start; }
.said.me { align-self: flex-end; background: var(--accent); color: var(--on); }
.said.live { opacity: .75; }
.said.related { background: none; border: 1px dashed currentColor; }
.said p { margin: 0; white-space: pre-wrap; unicode-bidi: plaintext; } .said p + p { margin-top: 8px; }
.said a { color: inherit; }
.said.bad { color: var(--warn); } .said.note { background: none; color: var(--soft); font-size: 14px; padding: 0 4px; }
.cite { min-width: 24px; min-height: 24px; padding: 0 6px; margin: 0 2px; border-radius: 12px; font-size: 12px; font-weight: 700; background: var(--page); color: var(--text); border: 1px solid var(--line); vertical-align: 1px; }
blockquote { margin: 8px 0 0; padding: 6px 10px; border-inline-start: 3px solid var(--accent); background: var(--page); font-size: 14px; white-space: pre-wrap; unicode-bidi: plaintext; }
blockquote b { display: block; font-size: 13px; color: var(--soft); }
.call { border-top: 1px solid var(--line); padding: 10px 12px; display: grid; gap: 8px; background: var(--sunk); }
:host([mode=bar]) .call { border: 1px solid var(--line); border-radius: 14px; margin-bottom: 8px; }
.row { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
.phase { flex: 1; font-weight: 600; font-size: 15px; display: flex; align-items: center; gap: 8px; min-height: 28px; }
.dot { width: 10px; height: 10px; border-radius: 50%; background: var(--soft); }
[data-phase=listening] .dot, [data-phase=hearing] .dot { background: #1f9d55; }
[data-phase=thinking] .dot { background: #d18a00; animation: beat 1s infinite; } [data-phase=speaking] .dot { background: var(--accent); animation: beat 1s infinite; }
@keyframes beat { 50% { opacity: .3; } }
.meter { width: 92px; height: 8px; border-radius: 4px; background: var(--line); overflow: hidden; }
.meter i { display: block; height: 100%; width: 0; background: #1f9d55; }
.muted .meter i { background: var(--soft); }
.hold { flex: 1; touch-action: none; user-select: none; }
.partial { margin: 0; font-size: 14px; color: var(--soft); min-height: 21px; overflow-wrap: anywhere; }
.ask { margin: 0; font-size: 15px; }
form { display: flex; align-items: flex-end; gap: 4px; padding: 10px; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 130px; resize: none; field-sizing: content; padding: 9px 12px; border: 1px solid var(--soft); border-radius: 12px; background: var(--page); }
form:dir(rtl) textarea:placeholder-shown { text-align: right; }
.tiny { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } .meter { display: none; } }
`
const ICONS = {
  chat: "M20 4H4a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h3v4l5-4h8a1 1 0 0 0 1-1V5a1 1 0 0 0-1-1z",
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21",
  muted: "M9 9v2a3 3 0 0 0 5 2.200M15 10V6a3 3 0 0 0-5.800-1M5.500 11a6.500 6.500 0 0 0 11 4.700M12 17.500V21M4 4l16 16",
  phone: "M5 4h4l1.500 5-2 1.500a12 12 0 0 0 5 5l1.500-2 5 1.500v4a1 1 0 0 1-1 1A16 16 0 0 1 4 5a1 1 0 0 1 1-1z",
  end: "M3 14c5-5 13-5 18 0l-2 3-4-1.500v-2.500a11 11 0 0 0-6 0v2.500L5 17z",
  stop: "M7 7h10v10H7z", send: "M12 20V5M5.500 11.500L12 5l6.500 6.500", close: "M6 6l12 12M18 6L6 18",
  note: "M4 10v4M8 6v12M12 9v6M16 4v16M20 10v4", hand: "M12 21a6 6 0 0 1-6-6V8a1.500 1.500 0 0 1 3 0v3V5a1.500 1.500 0 0 1 3 0v5-6a1.500 1.500 0 0 1 3 0v7-4a1.500 1.500 0 0 1 3 0v8a6 6 0 0 1-6 6z",
}

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...children)
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

const MARKS = /\*\*(.+?)\*\*|\[(\d{1,2})\]|(https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?])|(mailto:|tel:)?([\w.+-]+@[\w-]+(?:\.[\w-]+)+)|tel:(\+?[\d-]{5,})|(?<![\w.,:/-])([+0]\d[\d ()/-]{5,}\d)(?![\d:])/g

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
