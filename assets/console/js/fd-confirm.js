// <fd-confirm text="Delete it? It cannot be undone.">: asks before the form inside is sent. The question is the title.
import { confirm } from "./inbox/dialog.js"

// Up to the first question mark that ends a sentence; one in “…” belongs to a name.
const QUESTION = /^((?:“[^”]*”|[^“?]|\?(?!\s|$))*\?)\s*(.*)$/s

class FdConfirm extends HTMLElement {
  #agreed = false

  connectedCallback() {
    const form = this.querySelector("form")
    // It has the server ask where no script does.
    form.querySelector("input[name=ask]")?.remove()
    form.addEventListener("submit", event => {
      if (this.#agreed) return
      event.preventDefault()
      this.#ask(event.target, event.submitter)
    })
  }

  async #ask(form, button) {
    const text = this.getAttribute("text")
    const [, title, rest] = QUESTION.exec(text) ?? [null, text]
    const yes = button?.textContent.trim() || button?.title || "Yes"
    const agreed = await confirm(title, rest, yes, { danger: !button?.matches(".button--primary") })
    if (!agreed) return button?.focus()
    this.#agreed = true
    form.requestSubmit(button)
    this.#agreed = false
  }
}

customElements.define("fd-confirm", FdConfirm)
