// <fd-find>: finds while typing. The list takes a fresh rendering of the page under the new address.
const DELAY_MS = 200

class FdFind extends HTMLElement {
  #timer

  connectedCallback() {
    this.toggleAttribute("data-live", true)
    this.form = this.querySelector("form")
    this.form.addEventListener("submit", event => {
      event.preventDefault()
      this.#find()
    })
    this.form.addEventListener("input", () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#find(), DELAY_MS)
    })
  }

  #find() {
    const address = new URL(location.href)
    const sought = new FormData(this.form).get("q").trim()
    if (sought) address.searchParams.set("q", sought)
    else address.searchParams.delete("q")
    history.replaceState(null, "", address)
    document.dispatchEvent(new CustomEvent("fd:find"))
  }
}

customElements.define("fd-find", FdFind)
