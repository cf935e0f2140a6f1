// The drawer that shows a citation where it stands in its document.
import { request } from "./api.js"
import { el } from "./dom.js"

export class SourceDrawer {
  #asked = 0

  constructor(dialog) {
    this.dialog = dialog
    dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close() })
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close())
  }

  async open(citation) {
    const asked = ++this.#asked
    const where = [citation.section, citation.page && `page ${citation.page}`].filter(Boolean).join(" · ")
    const query = `version=${encodeURIComponent(citation.version)}&span=${citation.span.join("-")}`
    if (citation.kind && citation.kind !== "document") return this.#approved(citation)
    const page = `/documents/${encodeURIComponent(citation.document)}`
    this.#part("title").textContent = citation.title
    this.#part("where").textContent = where
    this.#part("link").href = `${page}?${query}#quote`
    this.#part("link").lastChild.textContent = "Open the document"
    this.#quote({ before: "", quote: citation.quote, after: "" })
    this.#part("body").setAttribute("aria-busy", "true")
    if (!this.dialog.open) this.dialog.showModal()
    try {
      const passage = await (await request("GET", `${page}/passage?${query}`)).json()
      if (asked === this.#asked) this.#quote(passage)
    } catch {
      // The quoted words are shown already; only their surroundings are missing.
    }
    if (asked === this.#asked) this.#part("body").removeAttribute("aria-busy")
  }

  // An answer or a fact that the business approved, and what a tool answered, is shown whole; there is nothing around it.
  #approved(citation) {
    const id = encodeURIComponent(citation.document)
    const known = {
      faq: ["Approved answer", `/faq/${id}`, "Open the answer"],
      tool: ["What a tool answered", `/tools/${id}`, "Open the tool"],
    }
    const [where, page, open] = known[citation.kind] ?? ["Business fact", "/facts", "Open the facts"]
    const link = this.#part("link")
    this.#part("title").textContent = citation.title
    this.#part("where").textContent = where
    link.href = page
    link.lastChild.textContent = open
    this.#part("body").removeAttribute("aria-busy")
    this.#quote({ before: "", quote: citation.quote, after: "" })
    if (!this.dialog.open) this.dialog.showModal()
  }

  #quote({ before, quote, after }) {
    const mark = el("mark", {}, quote)
    this.#part("body").replaceChildren(el("span", { class: "context" }, before), mark, el("span", { class: "context" }, after))
    mark.scrollIntoView({ block: "center" })
  }

  #part(name) { return this.dialog.querySelector(`[data-part=${name}]`) }
}
