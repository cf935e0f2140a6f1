// Views, filters and search: what the list shows, as it stands in the address.
import { queryString } from "./api.js"

const FIELDS = ["view", "q", "channel", "tag", "team", "assigned", "contact", "state"]
const DELAY_MS = 250

export class Views {
  query = { view: "all" }
  waiting = 0
  #timer

  constructor(nav, form, notify, changed) {
    this.nav = nav
    this.form = form
    this.notify = notify
    this.changed = changed
    nav.addEventListener("click", event => this.#clicked(event))
    form.addEventListener("submit", event => { event.preventDefault(); this.#find() })
    form.addEventListener("input", () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#find(), DELAY_MS)
    })
    const details = form.querySelector("details")
    form.querySelector("[data-clear]")?.addEventListener("click", () => {
      for (const select of details.querySelectorAll("select")) select.value = ""
      this.#find()
    })
  }

  // From the address into the query and the fields.
  read() {
    const given = new URLSearchParams(location.search)
    this.query = Object.fromEntries(FIELDS.map(name => [name, given.get(name) ?? ""]))
    this.query.view ||= "all"
    for (const field of this.form.elements) if (field.name && field.name in this.query) field.value = this.query[field.name]
    this.#mark()
  }

  queryString() {
    return queryString({ ...this.query, view: this.query.view === "all" ? "" : this.query.view })
  }

  counts(counts) {
    if (!counts) return
    this.waiting = counts.waiting ?? 0
    for (const [view, count] of Object.entries(counts)) {
      const node = this.nav.querySelector(`[data-view=${view}] [data-count]`)
      if (!node) continue
      node.textContent = count ? String(count) : ""
      node.hidden = !count
    }
    this.notify.setTitle(this.waiting)
    document.dispatchEvent(new CustomEvent("fd:waiting", { detail: this.waiting }))
  }

  focusSearch() { this.form.elements.q.focus() }

  #clicked(event) {
    const link = event.target.closest("[data-view]")
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    this.form.elements.view.value = link.dataset.view
    this.#find(true)
  }

  #find(push = false) {
    clearTimeout(this.#timer)
    for (const field of this.form.elements) if (FIELDS.includes(field.name)) this.query[field.name] = field.value.trim()
    const address = `${location.pathname}${this.queryString() ? `?${this.queryString()}` : ""}`
    history[push ? "pushState" : "replaceState"](null, "", address)
    this.#mark()
    this.changed()
  }

  #mark() {
    for (const link of this.nav.querySelectorAll("[data-view]")) {
      if (link.dataset.view === this.query.view) link.setAttribute("aria-current", "true")
      else link.removeAttribute("aria-current")
    }
    const set = ["channel", "tag", "team", "assigned"].filter(name => this.query[name]).length
    const sign = this.form.querySelector("[data-filters]")
    if (sign) { sign.textContent = set ? String(set) : ""; sign.hidden = !set }
  }
}
