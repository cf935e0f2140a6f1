// <fd-confirm text="…">: asks before the form inside is sent.
class FdConfirm extends HTMLElement {
  connectedCallback() {
    this.querySelector("form").addEventListener("submit", event => {
      if (!window.confirm(this.getAttribute("text"))) event.preventDefault()
    })
  }
}

customElements.define("fd-confirm", FdConfirm)
