// Tells the server that somebody is here: which conversation the page shows, and which ones the person has. One whose person
// is not heard of for two minutes goes back to the queue.
import * as api from "./api.js"

const EVERY_MS = 20_000

export class Here {
  #mine = new Set()
  #open
  #timer

  constructor(me) {
    this.me = me
    this.#timer = setInterval(() => this.tell(), EVERY_MS)
    document.addEventListener("visibilitychange", () => this.tell())
    api.list({ view: "mine", limit: 200 }).then(found => { for (const row of found.conversations) this.keep(row) }, () => {})
  }

  stop() { clearInterval(this.#timer) }

  open(id) {
    this.#open = id
    this.tell()
  }

  keep(row) {
    if (row.state === "human" && row.assigned_to?.id === this.me.id) this.#mine.add(row.id)
    else this.#mine.delete(row.id)
  }

  tell() {
    const ids = new Set(this.#mine)
    if (this.#open && !document.hidden) ids.add(this.#open)
    for (const id of ids) api.seen(id).catch(() => {})
  }
}
