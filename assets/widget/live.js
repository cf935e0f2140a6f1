// The events of the visit: what others say, whose turn it is, who types and what was read. Every tab follows them, so tabs
// are in step. After a lost connection they go on behind the last message that came.

// Without a byte for this long the connection is dead: the server sends one every 10 s.
const SILENCE = 25000
const SLOWEST = 15000
// Since the events began; what the server had is here by then.
const CAUGHT_UP = 400
// A tab that nobody looks at lets go after this long, if no person is asked for: browsers allow six connections to a server.
const HIDDEN = 30000

class Live {
  online = false
  #runs
  #sleeping

  constructor(desk) { this.desk = desk }

  start() {
    if (this.#runs && !this.#runs.signal.aborted) return
    this.#runs = new AbortController()
    this.#follow(this.#runs)
  }

  stop() {
    this.#runs?.abort()
    this.#calm()
  }

  // Tries at once.
  wake() { this.#sleeping?.() }

  async #follow(runs) {
    let wait = 500
    const { desk } = this
    while (!runs.signal.aborted) {
      const connection = new AbortController()
      const stop = () => connection.abort()
      runs.signal.addEventListener("abort", stop)
      let watch, caughtUp
      const alive = () => {
        clearTimeout(watch)
        watch = setTimeout(stop, SILENCE)
      }
      try {
        alive()
        const response = await desk.api(`/events?after=${desk.log.seq}`, undefined, { signal: connection.signal })
        wait = 500
        caughtUp = setTimeout(() => this.#there(), CAUGHT_UP)
        for await (const [event, data] of events(response, alive)) desk.on(event, data)
      } catch (error) {
        if (error.code === "visit_over") return runs.signal.aborted || desk.over()
        if (error.status === 404 || error.status === 403) return runs.abort()
      } finally {
        clearTimeout(watch)
        clearTimeout(caughtUp)
        runs.signal.removeEventListener("abort", stop)
      }
      this.#gone()
      if (runs.signal.aborted) return
      await Promise.race([pause(wait * (0.7 + Math.random() * 0.6)), new Promise(done => { this.#sleeping = done })])
      wait = Math.min(wait * 2, SLOWEST)
    }
  }

  #there() {
    this.online = true
    this.#calm()
    this.desk.lost(false)
    this.desk.log.quiet = false
    this.desk.outbox.flush()
  }

  #worry

  // It may have gone before it was counted as there.
  #gone() {
    this.online = false
    if (!this.#runs.signal.aborted) this.#worry ??= setTimeout(() => this.desk.lost(true), 1500)
  }

  #calm() {
    clearTimeout(this.#worry)
    this.#worry = undefined
  }

  // A page that is hidden for long lets go; when it is seen again, it follows from where it was.
  #hiding

  shown(visible) {
    clearTimeout(this.#hiding)
    if (visible && this.#runs) { this.start(); this.wake() }
    else this.#hiding = setTimeout(() => { if (this.desk.state === "open" && !this.desk.outbox.busy) this.stop() }, HIDDEN)
  }
}
