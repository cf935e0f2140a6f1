// Tells the server that somebody is here, so that the conversations that they have stay with them, and which one the page shows.
// Whoever closes the page is gone for the server at once; one that fell silent is gone after two minutes.
import * as api from "./api.js"

const EVERY_MS = 20_000

export class Here {
  #open
  #timer

  constructor() {
    this.#timer = setInterval(() => this.tell(), EVERY_MS)
    document.addEventListener("visibilitychange", () => this.tell())
    this.tell()
  }

  stop() { clearInterval(this.#timer) }

  open(id) {
    this.#open = id
    this.#shown()
  }

  tell() {
    api.here().catch(() => {})
    this.#shown()
  }

  #shown() { if (this.#open && !document.hidden) api.seen(this.#open).catch(() => {}) }
}
