// <fd-lines>: lines to check, one after another without loading the page again. What is decided is sent in order while the
// person goes on with the next line; then the rows are taken from a fresh rendering of the page.
import { request } from "./lib/api.js"
import { announce, toast } from "./lib/toast.js"

class FdLines extends HTMLElement {
  #sent = Promise.resolve()
  #open = 0

  connectedCallback() {
    this.addEventListener("submit", event => this.#decide(event))
    this.addEventListener("input", event => offer(event.target))
    this.addEventListener("keydown", event => this.#pressed(event))
    this.#offerAll()
  }

  // Actions

  #decide(event) {
    event.preventDefault()
    const form = event.target
    const lines = form.elements.lines.value.split(",")
    const input = form.elements.text
    const { decision, text } = said(event.submitter?.value ?? "confirm", input)
    const rows = lines.map(line => this.#row(line)).filter(Boolean)
    const next = this.#after(rows)
    for (const row of rows) settle(row, true)
    ;(next?.querySelector("[name=text]") ?? this.querySelector("h2")).focus()
    this.#open++
    this.#sent = this.#sent.then(() => this.#send({ lines, decision, text })).finally(() => {
      if (--this.#open === 0) this.#refresh()
    })
  }

  async #send(json) {
    try {
      const response = await request("POST", this.#section.dataset.url, { json })
      const { left, lines } = await response.json()
      announce(left ? `${lines.length - left} of ${lines.length} lines are checked.` : "All lines are checked.")
    } catch (error) {
      for (const row of json.lines.map(line => this.#row(line)).filter(Boolean)) settle(row, false)
      toast(error.message)
    }
  }

  // Enter decides; Escape brings back what was recognised.
  #pressed(event) {
    const input = event.target
    if (event.isComposing || !input.matches("[name=text]")) return
    if (event.key === "Enter") {
      event.preventDefault()
      input.form.requestSubmit()
    }
    if (event.key === "Escape") {
      input.value = input.defaultValue
      offer(input)
    }
  }

  // Internal

  get #section() { return this.querySelector("[data-url]") }

  #row(line) { return this.querySelector(`[data-line="${CSS.escape(line)}"]`) }

  #after(rows) {
    const waiting = [...this.querySelectorAll(".line:not(.line--decided, [data-state=saving])")]
    const last = waiting.indexOf(rows.at(-1))
    return waiting.slice(last + 1).find(row => !rows.includes(row)) ?? waiting.find(row => !rows.includes(row))
  }

  #offerAll() {
    for (const input of this.querySelectorAll("[name=text]")) offer(input)
  }

  async #refresh() {
    let fresh
    try {
      const response = await request("GET", location.pathname + location.search, { accept: "text/html" })
      fresh = new DOMParser().parseFromString(await response.text(), "text/html")
    } catch {
      return // What was decided is stored; the next load of the page shows it.
    }
    // Somebody went on meanwhile: the next refresh is theirs.
    const rows = fresh.querySelector("fd-lines")
    if (!rows || this.#open > 0) return
    const text = fresh.querySelector("fd-reading")
    if (text) document.querySelector("fd-reading")?.replaceChildren(...text.childNodes)
    const written = new Map([...this.querySelectorAll("[name=text]")].map(input => [input.id, input.value]))
    const focused = document.activeElement
    const [id, from, to] = this.contains(focused) ? [focused.id, focused.selectionStart, focused.selectionEnd] : []
    const wasOpen = this.querySelector("details")?.open
    this.replaceChildren(...rows.childNodes)
    const details = this.querySelector("details")
    if (details && wasOpen) details.open = true
    for (const input of this.querySelectorAll("[name=text]")) {
      if (written.has(input.id)) input.value = written.get(input.id)
    }
    this.#offerAll()
    if (!id) return
    const again = document.getElementById(id) ?? this.querySelector("h2")
    again.focus()
    if (again.matches("[name=text]")) again.setSelectionRange(from, to)
  }
}

// Whoever wrote something else corrects the line, whichever of the two buttons it was.
function said(decision, input) {
  if (!input || !["confirm", "correct"].includes(decision)) return { decision }
  return input.value === input.defaultValue ? { decision: "confirm" } : { decision: "correct", text: input.value }
}

function settle(row, saving) {
  row.toggleAttribute("inert", saving)
  if (saving) row.dataset.state = "saving"
  else delete row.dataset.state
}

// Shows the button that fits what is written.
function offer(input) {
  const form = input.form
  const confirm = form?.querySelector("button[value=confirm]")
  const correct = form?.querySelector("button[value=correct]")
  if (!correct) return
  const changed = input.value !== input.defaultValue
  confirm.hidden = changed
  correct.hidden = !changed
  correct.classList.toggle("button--primary", changed)
}

customElements.define("fd-lines", FdLines)
