// What staff wrote and the server has not confirmed yet. It outlives a lost connection and a reload of the page: the client
// id makes sure that a message sent twice is kept once.
import * as api from "./api.js"

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 15_000

export class Outbox {
  #items = []
  #busy = false
  #wait = FIRST_WAIT_MS
  #timer

  // `me` is who writes; `changed(conversation)` is called after each change of state, `sent(item, answer)` once it is stored.
  constructor(me, { changed, sent }) {
    this.key = `fd-outbox:${me.id}`
    this.changed = changed
    this.sent = sent
    this.#items = load(this.key)
    window.addEventListener("online", () => this.resume())
    this.resume()
  }

  // `kind` is message or note. States: sending, waiting (for the connection), failed, stored (until the page has read it).
  add(item) {
    this.#items.push({ ...item, client_id: randomId(), at: Date.now(), state: "sending" })
    this.#save()
    this.changed(item.conversation)
    this.#pump()
  }

  of(conversation) { return this.#items.filter(item => item.conversation === conversation) }

  again(id) {
    const item = this.#items.find(item => item.client_id === id)
    if (!item) return
    item.state = "sending"
    item.error = undefined
    this.#save()
    this.changed(item.conversation)
    this.#pump()
  }

  drop(id) {
    const item = this.#items.find(item => item.client_id === id)
    this.#items = this.#items.filter(item => item.client_id !== id)
    this.#save()
    if (item) this.changed(item.conversation)
    return item
  }

  // After the connection is back.
  resume() {
    clearTimeout(this.#timer)
    this.#wait = FIRST_WAIT_MS
    this.#pump()
  }

  async #pump() {
    if (this.#busy) return
    this.#busy = true
    let item
    while ((item = this.#next())) {
      try {
        const answer = item.kind === "note"
          ? await api.note(item.conversation, item.text)
          : await api.write(item.conversation, item)
        item.state = "stored"
        this.#save()
        this.#wait = FIRST_WAIT_MS
        // The next one does not wait until the page has read this one as the server has it.
        const id = item.client_id
        this.sent(item, answer).finally(() => this.drop(id))
      } catch (error) {
        if (!this.#failed(item, error)) break
      }
    }
    this.#busy = false
  }

  // Messages of one conversation stay in their order: one that failed holds back those after it.
  #next() {
    const held = new Set()
    for (const item of this.#items) {
      if (held.has(item.conversation)) continue
      if (item.state === "stored") continue
      if (item.state !== "failed") return item
      held.add(item.conversation)
    }
    return undefined
  }

  // Whether to go on with the next one.
  #failed(item, error) {
    const passing = !error.status || error.status >= 500 || error.status === 429
    // A note has no client id, so it is not sent again unless somebody says so.
    item.state = passing && item.kind !== "note" ? "waiting" : "failed"
    item.error = error.message
    item.taken = error.problem?.code === "taken" || undefined
    this.#save()
    this.changed(item.conversation)
    if (item.state === "failed") return true
    this.#timer = setTimeout(() => this.#pump(), this.#wait)
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
    return false
  }

  #save() {
    try {
      // Files cannot be kept there; they wait in memory only.
      sessionStorage.setItem(this.key, JSON.stringify(this.#items.filter(item => item.state !== "stored" && !item.files?.length)))
    } catch {
      // Storage that is full or blocked: the messages are still in memory.
    }
  }
}

function load(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]")
  } catch {
    return []
  }
}

// crypto.randomUUID exists on secure pages only.
function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("")
}
