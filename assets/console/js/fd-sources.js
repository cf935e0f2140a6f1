// <fd-sources>: the list that the server rendered, kept true while pages are fetched.
// What ended is taken from a fresh rendering of the same page.
import { request } from "./lib/api.js"
import { announce } from "./lib/toast.js"

const REFRESH_DELAY_MS = 200

class FdSources extends HTMLElement {
  #stream
  #refreshTimer

  connectedCallback() {
    this.#stream = new EventSource("/api/v1/sources/events")
    this.#stream.addEventListener("message", event => this.#progress(JSON.parse(event.data)))
    let lost = false
    this.#stream.addEventListener("error", () => { lost = true })
    this.#stream.addEventListener("open", () => {
      if (lost) this.#refreshSoon()
      lost = false
    })
  }

  disconnectedCallback() { this.#stream?.close() }

  #progress({ source, url, stage }) {
    const row = this.querySelector(`[data-source="${CSS.escape(source)}"]`)
    if (!row || !["fetching", "indexing"].includes(stage.stage)) {
      if (stage.stage === "done") announce(`${url} is up to date.`)
      if (stage.stage === "failed") announce(`${url} could not be fetched.`)
      return this.#refreshSoon()
    }
    const badge = row.querySelector(".badge")
    badge.dataset.state = "syncing"
    badge.textContent = stage.stage === "fetching" ? "Fetching" : "Reading"
    badge.toggleAttribute("data-busy", true)
    row.querySelector("[data-step]").textContent = stage.stage === "fetching"
      ? `${stage.done} of ${stage.total} pages: ${stage.page}`
      : `${stage.left} pages are still being read`
  }

  #refreshSoon() {
    clearTimeout(this.#refreshTimer)
    this.#refreshTimer = setTimeout(() => this.#refresh(), REFRESH_DELAY_MS)
  }

  async #refresh() {
    // Do not refresh while somebody is choosing something.
    if (this.contains(document.activeElement) && document.activeElement.matches("select")) return
    let fresh
    try {
      const response = await request("GET", "/sources", { accept: "text/html" })
      fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("fd-sources")
    } catch {
      return // The next event or reload shows the truth.
    }
    if (!fresh) return
    const open = new Set([...this.querySelectorAll("details[open]")].map(key))
    const focused = document.activeElement?.getAttribute("aria-label")
    for (const details of fresh.querySelectorAll("details")) details.open = open.has(key(details))
    this.replaceChildren(...fresh.childNodes)
    if (focused) [...this.querySelectorAll("button")].find(b => b.getAttribute("aria-label") === focused)?.focus()
  }
}

function key(details) {
  const row = details.closest("[data-source]")
  return `${row.dataset.source} ${[...row.querySelectorAll("details")].indexOf(details)}`
}

customElements.define("fd-sources", FdSources)
