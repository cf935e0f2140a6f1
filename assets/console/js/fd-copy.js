// <fd-copy for="id">: a button that copies the text of the element with that id.
import { copyText } from "./lib/copy.js"
import { announce } from "./lib/toast.js"

const SHOWN_MS = 2000

class FdCopy extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => this.#copy())
  }

  async #copy() {
    const label = this.querySelector("[data-label]")
    const before = label.textContent
    const copied = await copyText(document.getElementById(this.getAttribute("for")).textContent.trim())
    label.textContent = copied ? "Copied" : "Select and copy it by hand"
    announce(label.textContent)
    setTimeout(() => { label.textContent = before }, SHOWN_MS)
  }
}

customElements.define("fd-copy", FdCopy)
