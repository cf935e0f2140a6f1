// The list of conversations: rows of a view, kept true by what the server tells, in pages, with marks for bulk acts.
import { Drawn, el, icon, patch } from "../lib/dom.js"
import * as api from "./api.js"
import { belongs, draw } from "./row.js"
import { ago, emptyWords, waits } from "./words.js"

const PAGE = 50
const REFRESH_DELAY_MS = 400
// How often times like "4 min" are refreshed.
const TICK_MS = 20_000

export class List {
  #rows = new Map()
  #next
  #asked = 0
  #timer
  #presence = new Map()
  #drawn = new Drawn()
  #frame = 0
  #moreButton
  picked = new Set()
  current = null

  // `context` has me, sla, href(row) and draft(id), whether something unsent waits; `on` has counts(counts), picked() and failed(error).
  constructor(host, context, on) {
    this.host = host
    this.context = { ...context, picked: this.picked, presence: id => this.#presence.get(id) }
    this.on = on
    this.rows = el("ul", { class: "rows" })
    this.foot = el("div", { class: "rows__foot" })
    this.#moreButton = el("button", { type: "button", class: "button button--small", onclick: () => this.#more() }, "Show more")
    host.addEventListener("change", event => this.#pick(event))
    setInterval(() => { if (!document.hidden) this.#drawAll() }, TICK_MS)
  }

  get(id) { return this.#rows.get(id) }

  presence(id) { return this.#presence.get(id) }

  // The view and filters; `view` is always set.
  async show(query) {
    this.query = query
    this.picked.clear()
    this.on.picked()
    await this.refresh()
  }

  async refresh() {
    const asked = ++this.#asked
    clearTimeout(this.#timer)
    this.host.setAttribute("aria-busy", "true")
    try {
      const found = await api.list({ ...this.query, limit: Math.max(PAGE, Math.min(200, this.#rows.size)) })
      if (asked !== this.#asked) return
      this.#rows = new Map(found.conversations.map(row => [row.id, row]))
      this.#next = found.next
      this.on.counts(found.counts)
      this.#drawAll()
    } catch (error) {
      if (asked === this.#asked) this.on.failed(error)
    } finally {
      if (asked === this.#asked) this.host.removeAttribute("aria-busy")
    }
  }

  // A row that changed, here or elsewhere.
  update(row) {
    const known = this.#rows.has(row.id)
    const fits = belongs(row, this.query, this.context.me)
    if (fits === undefined && !known) return this.#refreshSoon()
    if (fits === false) {
      if (known) this.remove(row.id)
      return
    }
    this.#rows.set(row.id, row)
    this.#drawSoon()
  }

  remove(id) {
    this.picked.delete(id)
    this.on.picked()
    if (this.#rows.delete(id)) this.#drawSoon()
  }

  setPresence({ conversation, viewers, visitor, composing }) {
    this.#presence.set(conversation, { viewers, visitor, composing })
    const row = this.#rows.get(conversation)
    if (!row) return
    if (visitor) row.online = visitor.online
    this.#drawSoon()
  }

  open(id) {
    this.current = id
    this.#drawAll()
  }

  // The previous or next conversation; the first if none is open.
  neighbour(id, step) {
    const ids = [...this.rows.children].map(node => node.dataset.id)
    return ids[id ? ids.indexOf(id) + step : 0]
  }

  focus(id) {
    const link = this.#node(id)?.querySelector("a")
    link?.focus()
    link?.scrollIntoView({ block: "nearest" })
  }

  // The row that has the focus, or the open one.
  focused() {
    return document.activeElement?.closest?.(".row")?.dataset.id ?? this.current
  }

  togglePick(id) {
    const box = this.#node(id)?.querySelector("[data-pick]")
    box?.click()
  }

  clearPicked() {
    this.picked.clear()
    this.on.picked()
    this.#drawAll()
  }

  #pick(event) {
    if (!event.target.matches("[data-pick]")) return
    const { id } = event.target.closest(".row").dataset
    if (event.target.checked) this.picked.add(id)
    else this.picked.delete(id)
    this.on.picked()
  }

  #refreshSoon() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.refresh(), REFRESH_DELAY_MS)
  }

  async #more() {
    const asked = ++this.#asked
    try {
      const found = await api.list({ ...this.query, before: this.#next, limit: PAGE })
      if (asked !== this.#asked) return
      const first = found.conversations[0]?.id
      for (const row of found.conversations) this.#rows.set(row.id, row)
      this.#next = found.next
      this.#drawAll()
      if (first) this.focus(first)
    } catch (error) {
      this.on.failed(error)
    }
  }

  // The order of the server: who waits longest first in "waiting", else the latest message first.
  #ordered() {
    const rows = [...this.#rows.values()]
    if (this.query.q) return rows
    if (this.query.view === "snoozed") return rows.sort((a, b) => (a.snoozed_until ?? 0) - (b.snoozed_until ?? 0))
    if (this.query.view === "waiting") return rows.sort((a, b) => (a.waiting_since ?? 0) - (b.waiting_since ?? 0))
    return rows.sort((a, b) => b.last_at - a.last_at || (b.id > a.id ? 1 : -1))
  }

  #node(id) { return this.rows.querySelector(`[data-id="${CSS.escape(id)}"]`) }

  // Many changes at once are one drawing.
  #drawSoon() {
    this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#drawAll() })
  }

  #drawAll() {
    if (!this.query) return
    const context = { ...this.context, current: this.current }
    const nodes = this.#ordered().map(row => {
      const shows = JSON.stringify([row, this.presence(row.id), row.id === this.current, context.draft(row.id), ago(row.last_at), waits(row, context.sla), context.href(row)])
      const node = this.#drawn.get(row.id, shows, () => draw(row, context))
      node.querySelector("[data-pick]").checked = this.picked.has(row.id)
      return node
    })
    this.#drawn.done()
    const focused = document.activeElement?.closest?.(".row")?.dataset.id
    const pick = document.activeElement?.matches("[data-pick]")
    patch(this.rows, nodes)
    patch(this.foot, this.#next ? [this.#moreButton] : [])
    patch(this.host, nodes.length ? [this.rows, this.foot] : [this.#empty()])
    if (focused && !this.#node(focused)?.contains(document.activeElement)) this.#node(focused)?.querySelector(pick ? "[data-pick]" : "a").focus({ preventScroll: true })
  }

  #empty() {
    const [heading, text] = emptyWords(this.query)
    return el("div", { class: "empty inbox__empty" }, icon("inbox"), el("h2", {}, heading), el("p", {}, text),
      this.query.view === "all" && !this.query.q ? el("p", {}, el("a", { class: "button", href: "/talk" }, "Open the page for visitors")) : null)
  }
}
