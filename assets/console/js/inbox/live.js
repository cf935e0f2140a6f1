// One connection that tells what changes in the inbox. It comes back by itself, and says when it does, because what was
// missed then has to be fetched.
const EVENTS = ["row", "gone", "presence", "counts", "notice"]
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000
// A shorter break is nobody's concern.
const TOLD_AFTER_MS = 2500

export class Live {
  #source
  #wait = FIRST_WAIT_MS
  #timer
  #lost = false
  #telling
  #told = false

  // `on` has a function for each event, `lost`, and `back`, which is told whether `lost` was.
  constructor(on) {
    this.on = on
    this.#connect()
    window.addEventListener("online", () => this.hurry())
  }

  close() {
    clearTimeout(this.#timer)
    clearTimeout(this.#telling)
    this.#source?.close()
  }

  // Something else got through: the connection is worth a try now.
  hurry() { if (this.#lost) this.#again(0) }

  #connect() {
    this.#source = new EventSource("/api/v1/inbox/events")
    this.#source.addEventListener("open", () => {
      this.#wait = FIRST_WAIT_MS
      clearTimeout(this.#telling)
      if (this.#lost) this.on.back(this.#told)
      this.#lost = this.#told = false
    })
    this.#source.addEventListener("error", () => {
      if (!this.#lost) this.#telling = setTimeout(() => { this.#told = true; this.on.lost() }, TOLD_AFTER_MS)
      this.#lost = true
      // The browser tries again by itself unless the server refused.
      if (this.#source.readyState === EventSource.CLOSED) this.#again(this.#wait)
    })
    for (const name of EVENTS) {
      this.#source.addEventListener(name, event => this.on[name](JSON.parse(event.data)))
    }
  }

  #again(wait) {
    clearTimeout(this.#timer)
    this.#source.close()
    this.#timer = setTimeout(() => this.#connect(), wait)
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
  }
}
