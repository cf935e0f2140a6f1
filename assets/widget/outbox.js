// What the visitor writes, on its way: one message after the other, each under an id of its own, so that one that is sent
// again is kept once. What did not arrive is sent again when the connection is back, also after a reload.

// After the connection is back, an answer that is still being written comes within this time, ms.
const PATIENCE = 10000

class Outbox {
  #queue = []
  #busy = false

  constructor(desk) { this.desk = desk }

  get busy() { return this.#busy }

  write(text) {
    const item = this.desk.log.add({ role: "user", text, client_id: newId(), status: "sending" })
    this.#push(item)
  }

  // What was not sent when the page was left, or when a visit ended.
  restore() {
    const { log } = this.desk
    for (const item of this.#queue) if (!item.id && !log.items.includes(item)) log.add(item)
    let kept = []
    try { kept = JSON.parse(Kept.read(this.#key, true) || "[]") } catch {}
    for (const { text, client_id } of kept) {
      if (!this.desk.log.items.some(item => item.client_id === client_id)) this.#push(this.desk.log.add({ role: "user", text, client_id, status: "queued" }), true)
    }
  }

  #push(item, later = false) {
    this.#queue.push(item)
    this.#keep()
    if (!later) this.#work()
  }

  again(item) {
    if (!this.#queue.includes(item)) this.#queue.push(item)
    this.flush()
  }

  // The connection is back, and what the server has is known.
  flush() {
    for (const item of this.#queue) if (item.status !== "failed" || !item.final) item.status = item.id ? "sent" : "sending"
    this.desk.log.mark()
    this.#work()
    const missing = this.desk.log.items.filter(item => item.missing)
    if (missing.length) setTimeout(() => this.#look(missing), PATIENCE)
  }

  // An answer that broke off with the server comes no more.
  #look(missing) {
    const { log, state } = this.desk
    for (const item of missing) {
      const answered = log.items.some(other => other.role !== "user" && other.seq > item.seq)
      if (item.missing && !answered && state === "open" && log.items.includes(item)) this.desk.fail(new Problem(t("broken_off")))
      item.missing = false
    }
  }

  drop() {
    this.#queue = []
    this.#keep()
  }

  get #key() { return `${this.desk.kept}:unsent` }

  #keep() {
    const waiting = this.#queue.filter(item => !item.id).map(({ text, client_id }) => ({ text, client_id }))
    Kept.write(this.#key, waiting.length ? JSON.stringify(waiting) : undefined)
  }

  async #work() {
    if (this.#busy) return
    this.#busy = true
    try {
      while (this.#queue.length) {
        const [item] = this.#queue
        if (!item.id && !await this.#deliver(item)) break
        this.#queue = this.#queue.filter(other => other !== item)
        this.#keep()
      }
    } finally {
      this.#busy = false
    }
  }

  // Whether the next one may go.
  async #deliver(item) {
    const { desk } = this
    const body = { text: item.text, client_id: item.client_id, page: desk.page, assistant: desk.context.assistant || desk.attribute("assistant") }
    try {
      await desk.answer(signal => desk.api("/messages", body, { signal }), known => {
        desk.log.bind(item, known)
        item.status = "sent"
        desk.log.mark()
      })
      return true
    } catch (error) {
      // It arrived, and the answer comes by the events.
      const again = item.tried
      item.tried = true
      if (error.code === "failed" && !again) desk.fail(error)
      if (item.id || error.code === "failed" || error.name === "AbortError") {
        item.missing = error.code !== "failed"
        return true
      }
      item.final = error.status >= 400 && error.status < 500 && error.status !== 429 && error.status !== 401
      item.status = error.status ? "failed" : "queued"
      desk.log.mark()
      if (error.status) desk.fail(error)
      else desk.live.wake()
      return Boolean(item.final)
    }
  }
}
