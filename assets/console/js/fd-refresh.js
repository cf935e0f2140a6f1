// <fd-refresh seconds="2">: loads the page again while something on it is under way, unless the person
// is typing.
class FdRefresh extends HTMLElement {
  #timer

  connectedCallback() {
    const seconds = Number(this.getAttribute("seconds")) || 5
    this.#timer = setInterval(() => {
      const typing = document.activeElement?.matches("textarea, input")
      if (!document.hidden && !typing) location.reload()
    }, seconds * 1000)
  }

  disconnectedCallback() {
    clearInterval(this.#timer)
  }
}

customElements.define("fd-refresh", FdRefresh)
