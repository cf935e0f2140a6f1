// <fd-reading>: brings the cited words of a document into view and focuses them.
class FdReading extends HTMLElement {
  connectedCallback() {
    const quote = this.querySelector("#quote")
    if (!quote || location.hash) return
    quote.tabIndex = -1
    quote.scrollIntoView({ block: "center" })
    quote.focus({ preventScroll: true })
  }
}

customElements.define("fd-reading", FdReading)
