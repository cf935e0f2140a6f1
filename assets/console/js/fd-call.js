// <fd-call>: the player, the picture of the recording and the transcript move together.
class FdCall extends HTMLElement {
  connectedCallback() {
    this.player = this.querySelector("[data-player]")
    if (!this.player) return
    this.lines = [...this.querySelectorAll("[data-start]")]
    this.done = this.querySelector("[data-done]")
    this.length = Number(this.dataset.length) / 1000
    for (const line of this.lines) {
      line.querySelector("[data-seek]").addEventListener("click", () => this.#play(Number(line.dataset.start) / 1000))
    }
    this.querySelector("[data-wave]").addEventListener("click", event => {
      const box = event.currentTarget.getBoundingClientRect()
      this.#play((event.clientX - box.left) / box.width * this.length)
    })
    for (const name of ["timeupdate", "seeked"]) this.player.addEventListener(name, () => this.#follow())
  }

  #play(seconds) {
    this.player.currentTime = seconds
    this.player.play().catch(() => {}) // A browser may want another click first.
    this.#follow()
  }

  #follow() {
    const at = this.player.currentTime
    this.done.setAttribute("width", Math.min(1000, at / this.length * 1000))
    // The last line that has begun; in a pause the one before stays marked.
    let current
    for (const line of this.lines) if (Number(line.dataset.start) <= at * 1000 + 50) current = line
    for (const line of this.lines) {
      if (line === current && at > 0) line.setAttribute("aria-current", "true")
      else line.removeAttribute("aria-current")
    }
  }
}

customElements.define("fd-call", FdCall)
