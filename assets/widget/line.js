// The line in a page. It puts one widget at the end of the body, and again when the page is swapped without a
// reload. A floating widget that the page adds by hand replaces it; without data-site, any widget does.
const SETTINGS = ["site", "workspace", "assistant", "colour", "theme", "label", "language"]
// Per second, so that a page that removes the widget each time is not kept busy.
const MOST_RETURNS = 10

const byHand = new Set()
let line, host
let returns = 0

const settings = ({ dataset }) => Object.fromEntries(SETTINGS.filter(name => dataset[name]).map(name => [name, dataset[name]]))

const names = ({ dataset }) => dataset.site !== undefined || dataset.workspace !== undefined

// The next page may have the same line, or one with other settings.
function take(next) {
  if (!next || next.dataset.embed === "no") return
  if (line && (!names(next) || JSON.stringify(settings(next)) === JSON.stringify(settings(line)))) return
  line = next
  host?.remove()
  host = undefined
  settle()
}

function settle() {
  if (!line) return
  if (document.readyState === "loading" && !(names(line) && document.body)) return
  if (!document.body) return setTimeout(settle, 100)
  if ([...byHand].some(widget => !names(line) || !widget.hasAttribute("mode"))) return host?.remove()
  if (document.contains(host) || returns === MOST_RETURNS) return
  returns++
  setTimeout(() => { returns--; settle() }, 1000)
  host ??= el("frontdesk-widget", { ...settings(line), "data-embedded": true })
  document.body.append(host)
  settleContext()
}

// Also within custom elements.
function find(root) {
  for (const node of root.querySelectorAll("*")) {
    const found = node.localName === "script" && node.src === SOURCE ? node : node.shadowRoot && find(node.shadowRoot)
    if (found) return found
  }
}

const known = customElements.get("frontdesk-widget")
const script = document.currentScript || find(document)
if (known) known.again?.(script)
else {
  customElements.define("frontdesk-widget", FrontdeskWidget)
  for (const name of ["DOMContentLoaded", "turbo:load", "popstate", "pageshow"]) window.addEventListener(name, settle)
  take(script)
  publish()
}
