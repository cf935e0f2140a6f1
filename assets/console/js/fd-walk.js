// <fd-walk step="knowledge">: looks now and then whether a first step was done meanwhile (a document was read, a question
// answered, a visit came), and then shows it without touching the rest of the page.
import { request } from "./lib/api.js"
import { announce } from "./lib/toast.js"

const LOOK_MS = 4000

class FdWalk extends HTMLElement {
  #timer

  connectedCallback() { this.#timer = setInterval(() => this.#look(), LOOK_MS) }

  disconnectedCallback() { clearInterval(this.#timer) }

  async #look() {
    if (document.hidden) return
    let fresh
    try {
      const response = await request("GET", `/welcome/${this.getAttribute("step")}`, { accept: "text/html" })
      fresh = new DOMParser().parseFromString(await response.text(), "text/html")
    } catch {
      return // The next look or a reload shows the truth.
    }
    const foot = fresh.querySelector("[data-walk=foot]")
    if (!this.isConnected || !foot || foot.querySelector("fd-walk")) return
    for (const part of document.querySelectorAll("[data-walk]")) {
      const now = fresh.querySelector(`[data-walk="${CSS.escape(part.dataset.walk)}"]`)
      if (now) part.replaceWith(now)
    }
    announce("This step is done.")
  }
}

customElements.define("fd-walk", FdWalk)
