// <fd-document-list>: the rows that the server rendered, kept true while documents are read.
// New and finished rows are taken from a fresh rendering of the same page.
import { request } from "./lib/api.js"
import { describe, forget, onDocument, onReconnect } from "./lib/document-events.js"
import { announce, toast } from "./lib/toast.js"

const REFRESH_DELAY_MS = 150

class FdDocumentList extends HTMLElement {
  #leaving = new Set()
  #refreshTimer

  // Lifecycle

  connectedCallback() {
    this.addEventListener("click", event => this.#clicked(event))
    document.addEventListener("fd:stored", () => this.#refreshSoon())
    document.addEventListener("fd:find", () => this.#refresh())
    onDocument(progress => this.#progress(progress))
    onReconnect(() => this.#refreshSoon())
    window.addEventListener("pagehide", () => this.#deleteNow())
  }

  // Actions

  #clicked(event) {
    const button = event.target.closest("button[data-action]")
    const row = button?.closest("[data-document]")
    if (!row) return
    if (button.dataset.action === "delete") this.#delete(row)
    else this.#reindex(row)
  }

  async #delete(row) {
    const { document: id, name } = row.dataset
    const neighbour = row.nextElementSibling ?? row.previousElementSibling
    this.#leaving.add(id)
    row.hidden = true
    this.#count()
    ;(neighbour?.querySelector("a") ?? this.querySelector("h2")).focus()
    announce(`${name} is deleted. You can undo this for six seconds.`)
    const undo = await toast(`“${name}” is deleted.`, "Undo")
    if (!this.#leaving.delete(id)) return
    if (undo) {
      const now = this.#row(id)
      if (now) now.hidden = false
      this.#count()
      now?.querySelector("a").focus()
      return
    }
    try {
      await request("DELETE", url(id))
    } catch (error) {
      const now = this.#row(id)
      if (now) now.hidden = false
      toast(error.message)
    }
    this.#refreshSoon()
  }

  async #reindex(row) {
    forget(row.dataset.document)
    show(row, { state: "queued", label: "Waiting its turn" })
    try {
      await request("POST", `${url(row.dataset.document)}/reindex`)
      announce(`${row.dataset.name} will be read again.`)
    } catch (error) {
      toast(error.message)
      this.#refreshSoon()
    }
  }

  // Callbacks

  #progress({ document: id, name, stage }) {
    const row = this.#row(id)
    const shown = describe(stage)
    if (!row || shown.state === "ready" || shown.state === "failed") {
      if (!row || row.dataset.state !== shown.state) announce(`${name}: ${shown.label}`)
      return this.#refreshSoon()
    }
    show(row, shown)
  }

  // Internal

  #row(id) { return this.querySelector(`[data-document="${CSS.escape(id)}"]`) }

  #refreshSoon() {
    clearTimeout(this.#refreshTimer)
    this.#refreshTimer = setTimeout(() => this.#refresh(), REFRESH_DELAY_MS)
  }

  async #refresh() {
    let fresh
    try {
      const response = await request("GET", page(), { accept: "text/html" })
      fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("fd-document-list")
    } catch {
      return // The next event or reload shows the truth.
    }
    if (!fresh) return
    const focused = document.activeElement?.closest("[data-document]")?.dataset.document
    const action = document.activeElement?.dataset?.action
    for (const row of fresh.querySelectorAll("[data-document]")) row.hidden = this.#leaving.has(row.dataset.document)
    this.replaceChildren(...fresh.childNodes)
    this.#count()
    const again = focused && this.#row(focused)
    if (again) (again.querySelector(`[data-action="${action}"]`) ?? again.querySelector("a")).focus()
  }

  // The count is of all documents, also of those that are not looked for.
  #count() {
    const count = this.querySelector("[data-count]")
    const leaving = [...this.querySelectorAll("[data-document]")].filter(row => row.hidden)
    if (count) count.textContent = String(Number(count.dataset.count) - leaving.length)
  }

  // Leaving the page ends the time for undo.
  #deleteNow() {
    for (const id of this.#leaving) request("DELETE", url(id), { keepalive: true }).catch(() => {})
    this.#leaving.clear()
  }
}

// The page that it stands on: the first steps show fewer documents. A refused form has another address than its page.
function page() {
  return location.pathname.startsWith("/welcome/") ? "/welcome/knowledge" : `/documents${location.search}`
}

function url(id) { return `/api/v1/documents/${encodeURIComponent(id)}` }

function show(row, { state, label }) {
  row.dataset.state = state
  const badge = row.querySelector(".badge")
  badge.dataset.state = state
  badge.textContent = label
  badge.toggleAttribute("data-busy", state === "queued" || state === "indexing")
}

customElements.define("fd-document-list", FdDocumentList)
