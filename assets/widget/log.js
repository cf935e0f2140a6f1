// The conversation as it is shown: one node for each message, in the order of the server, whatever way and how often it came.

const KINDS = { user: "me", assistant: "", agent: "staff", system: "note", problem: "bad" }
// After this long an answer that is still empty was broken off, ms.
const ANSWERED_BY = 90000

class Log {
  items = []
  // The newest message that came, by the server's count.
  seq = 0
  // The newest own message that staff have read.
  seenTo = 0
  // What the server keeps of these is all that is known of them, so nothing is announced twice.
  quiet = true

  constructor(desk) { this.desk = desk }

  build() {
    this.box = el("div", { class: "log", role: "log", "aria-live": "off", tabindex: "0", "aria-label": t("conversation") },
      this.first = el("div", { class: "first" }), this.last = el("div", { class: "first" }), this.offers = el("div", { class: "first asks", role: "group" }))
    for (const item of this.items) { this.draw(item); this.last.before(item.node) }
    this.mark()
    return this.box
  }

  empty() {
    for (const item of this.items) item.node.remove()
    this.items = []
    this.seq = this.seenTo = 0
    this.quiet = true
  }

  add(item) {
    item.node = el("div")
    this.items.push(item)
    this.draw(item)
    this.last.before(item.node)
    this.mark()
    this.down()
    return item
  }

  drop(item) {
    item.node.remove()
    this.items = this.items.filter(other => other !== item)
  }

  // A message of the server. It may have come before, by another way, or in part.
  put(message) {
    this.seq = Math.max(this.seq, message.seq)
    let item = this.items.find(item => item.id === message.id || (message.client_id && item.client_id === message.client_id))
    // The answer that is being streamed to this tab has no id yet.
    if (!item && message.role === "assistant") item = this.items.find(item => item.streams && !item.id)
    const known = item && (item.text || item.streams)
    if (item?.streams) Object.assign(item, { id: message.id, seq: message.seq, receipt: message.receipt })
    else if (item) Object.assign(item, message, { status: "sent" })
    else item = this.add({ ...message, status: "sent" })
    this.place(item)
    this.draw(item)
    this.mark()
    const complete = message.text && message.state !== "interrupted"
    if (!complete || item.told) return
    item.told = true
    // What was said before this page is not told; what this tab sent itself is.
    if (this.quiet && !known) return
    this.desk.emit("message", { role: message.role, text: message.text, author: message.author })
    if (message.role !== "user" && !known) this.desk.arrived(item)
  }

  // The server's name for an item, which may have come by the events before.
  bind(item, { id, seq } = {}) {
    if (!id) return
    const twin = this.items.find(other => other !== item && other.id === id)
    if (twin) this.drop(twin)
    Object.assign(item, { id, seq: seq ?? item.seq })
    this.place(item)
  }

  // Its place by the server's count; what is not there yet stands last.
  place(item) {
    if (item.seq === undefined) return
    const rest = this.items.filter(other => other !== item)
    const at = rest.findIndex(other => (other.seq ?? (other.before ? -1 : Infinity)) > item.seq)
    const before = rest[at]
    if (at < 0 ? this.items.at(-1) === item : this.items[this.items.indexOf(item) + 1] === before) return
    rest.splice(at < 0 ? rest.length : at, 0, item)
    this.items = rest
    ;(before?.node || this.last).before(item.node)
  }

  draw(item) {
    const { node, role, text, state } = item
    const live = role === "assistant" && !text && state !== "failed" && (item.streams || !item.created_at || Date.now() - item.created_at < ANSWERED_BY)
    const lost = role === "assistant" && !text && !live
    if (live && !item.streams) setTimeout(() => { if (item.node.isConnected) this.draw(item) }, ANSWERED_BY)
    node.hidden = lost && item !== this.items.at(-1)
    node.className = `turn ${role === "user" ? "mine" : ""}`
    const related = item.rung === "related"
    const label = role === "agent" ? item.author || t("staff") : related ? t("related") : ""
    const said = el("div", { class: `said ${KINDS[role]} ${live || item.streams ? "live" : ""} ${related ? "related" : ""} ${lost ? "bad" : ""}` })
    const shown = lost ? t("broken_off") : text || (live ? item.waits || "…" : "")
    if (shown) said.append(...paragraphs(shown, number => this.cite(said, item.citations, number)))
    const parts = [label && el("p", { class: "who" }, el("bdi", {}, label)), shown && said]
    if (item.provider && text) parts.push(el("p", { class: "state" }, el("bdi", {}, t("helped", { name: item.provider }))))
    for (const file of item.attachments || []) parts.push(this.file(file))
    if (role === "assistant" && text && item.id && !item.streams && !item.before) parts.push(this.thumbs(item))
    if (item.handoff) parts.push(worded(t("person"), () => this.desk.person()))
    parts.push(item.foot = role === "user" && el("p", { class: "state" }))
    node.replaceChildren(...parts.filter(Boolean))
    this.#offer()
  }

  // Answers to the last message that can be chosen. By keys one goes on in the box.
  #offer() {
    const { role, streams, text, options = [] } = this.items.at(-1) || {}
    const asks = role === "assistant" && !streams && this.desk.state === "open" ? options : []
    this.offers.setAttribute("aria-label", text || "")
    this.offers.replaceChildren(...asks.map(option => worded(option, event => {
      if (event.currentTarget.matches(":focus-visible")) this.desk.box.focus()
      this.desk.send(option)
    }, "edge ask")))
  }

  cite(said, citations, number) {
    const citation = citations?.find(citation => citation.number === number)
    if (!citation) return null
    const where = [citation.title, citation.section, citation.page && t("page", { page: citation.page })].filter(Boolean).join(", ")
    const quote = el("blockquote", { hidden: true, dir: "auto" }, el("b", { dir: "auto" }, where), citation.quote)
    return el("button", { type: "button", class: "cite", "aria-expanded": "false", "aria-label": t("source", { number, where }), onclick: event => {
      said.append(quote)
      quote.hidden = !quote.hidden
      event.currentTarget.setAttribute("aria-expanded", String(!quote.hidden))
      if (!quote.hidden) quote.scrollIntoView({ block: "nearest" })
    } }, String(number))
  }

  file(file) {
    const box = el("div", { class: "file" }, worded(`${file.name} (${Math.max(1, Math.round(file.bytes / 1024))} KB)`, () => this.desk.more(more => more.download(file))))
    if (/^image\/(png|jpeg|webp|gif)$/.test(file.media_type)) this.desk.more(more => more.preview(file, box))
    return box
  }

  thumbs(item) {
    const one = (value, name) => {
      const node = button(name, t(`thumb_${name}`), () => this.desk.more(more => more.rate(item, value)), "thumb")
      node.setAttribute("aria-pressed", String(item.rated === value))
      return node
    }
    return el("div", { class: "thumbs" }, one("up", "up"), one("down", "down"))
  }

  // How far the last own message has come.
  mark() {
    const mine = this.items.filter(item => item.role === "user" && item.foot)
    for (const item of mine) {
      const { status, foot } = item
      const last = item === mine.at(-1)
      const shown = status === "failed" || status === "sending" || status === "queued" ? status : last && !item.before ? item.seq <= this.seenTo ? "seen" : "sent" : ""
      if (foot.dataset.shown === shown) continue
      foot.dataset.shown = shown
      foot.replaceChildren(...shown ? [el("bdi", {}, t(shown))] : [])
      if (shown === "failed") foot.append(" ", worded(t("again"), () => this.desk.outbox.again(item), "text"))
    }
  }

  seen(seq) {
    this.seenTo = Math.max(this.seenTo, seq)
    this.mark()
  }

  down() { this.box.scrollTop = this.box.scrollHeight }
}
