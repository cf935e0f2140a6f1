// <fd-snippet>: choices for the line that embeds the widget. The codes on the page follow them, and so does the preview.

const NAMES = ["language", "theme", "label"]

const escape = text => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;")

customElements.define("fd-snippet", class extends HTMLElement {
  connectedCallback() {
    this.hidden = false
    this.codes = ["embed", "embed-element"].map(id => document.getElementById(id)).map(node => ({ node, plain: node.textContent }))
    this.addEventListener("input", () => this.write())
  }

  write() {
    const chosen = NAMES.map(name => [name, this.querySelector(`[data-part=${name}]`).value.trim()]).filter(([, value]) => value)
    for (const { node, plain } of this.codes) {
      const data = plain.startsWith("<script") ? "data-" : ""
      const more = chosen.map(([name, value]) => ` ${data}${name}="${escape(value)}"`).join("")
      node.textContent = data ? plain.replace(" async>", `${more} async>`) : plain.replace("></", `${more}></`)
    }
    clearTimeout(this.waits)
    this.waits = setTimeout(() => this.preview(chosen), 400)
  }

  preview(chosen) {
    const shown = document.querySelector("frontdesk-widget")
    if (!shown) return
    const next = document.createElement("frontdesk-widget")
    for (const name of ["mode", "site"]) next.setAttribute(name, shown.getAttribute(name))
    for (const [name, value] of chosen) next.setAttribute(name, value)
    shown.replaceWith(next)
  }
})
