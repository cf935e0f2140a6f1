// <fd-examples>: the buttons of the page with examples for the widget.

const ACTS = {
  open: () => window.Frontdesk?.open(),
  close: () => window.Frontdesk?.close(),
  de: () => window.Frontdesk?.setContext({ language: "de" }),
  ar: () => window.Frontdesk?.setContext({ language: "ar" }),
  en: () => window.Frontdesk?.setContext({ language: "en" }),
}

customElements.define("fd-examples", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", event => ACTS[event.target.closest("[data-try]")?.dataset.try]?.())
    if (window.Frontdesk) this.listen()
    else document.addEventListener("frontdesk-loaded", () => this.listen(), { once: true })
  }

  listen() {
    const heard = this.querySelector("[data-heard]")
    for (const name of ["open", "close", "message", "state", "problem"]) {
      window.Frontdesk.on(name, detail => { heard.textContent += `${name} ${JSON.stringify(detail)}\n` })
    }
  }
})
