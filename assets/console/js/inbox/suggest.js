// Suggestions while somebody types into a text box: canned replies after "/", colleagues after "@".
import { el } from "../lib/dom.js"
import { announce } from "../lib/toast.js"

const MOST = 8
let count = 0

export class Suggest {
  #items = []
  #at = -1
  #from = 0

  // `find(text)` gives { from, items } for the text before the caret, or null; an item has label, hint and insert.
  constructor(box, host, find) {
    this.box = box
    this.find = find
    this.list = el("ul", { class: "suggest card", id: `suggest-${++count}`, role: "listbox", "aria-label": "Suggestions", hidden: true })
    host.append(this.list)
    box.setAttribute("aria-autocomplete", "list")
    box.setAttribute("aria-controls", this.list.id)
    box.addEventListener("input", () => this.#look())
    box.addEventListener("blur", () => setTimeout(() => this.close(), 150))
    // Before the form's own keys: Enter takes the suggestion instead of sending.
    box.addEventListener("keydown", event => this.#key(event), true)
  }

  get isOpen() { return !this.list.hidden }

  close() {
    this.list.hidden = true
    this.#items = []
    this.box.removeAttribute("aria-activedescendant")
  }

  #look() {
    const found = this.find(this.box.value.slice(0, this.box.selectionStart))
    if (!found?.items.length) return this.close()
    this.#items = found.items.slice(0, MOST)
    this.#from = found.from
    this.list.replaceChildren(...this.#items.map((item, index) => el("li", {
      role: "option", id: `${this.list.id}-${index}`, class: "suggest__item",
      onpointerdown: event => { event.preventDefault(); this.#take(index) },
    }, el("strong", {}, item.label), el("span", { class: "muted", dir: "auto" }, item.hint ?? ""))))
    const opened = this.list.hidden
    this.list.hidden = false
    this.#mark(0)
    if (opened) announce(`${this.#items.length} suggestions. Up and down choose, Enter takes one.`)
  }

  #mark(at) {
    this.#at = (at + this.#items.length) % this.#items.length
    for (const [index, node] of [...this.list.children].entries()) node.setAttribute("aria-selected", String(index === this.#at))
    this.list.children[this.#at].scrollIntoView({ block: "nearest" })
    this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.#at}`)
  }

  #take(index) {
    const { insert } = this.#items[index]
    this.box.setRangeText(insert, this.#from, this.box.selectionStart, "end")
    this.close()
    this.box.focus()
    this.box.dispatchEvent(new Event("input", { bubbles: true }))
  }

  #key(event) {
    if (!this.isOpen || event.isComposing) return
    const act = {
      ArrowDown: () => this.#mark(this.#at + 1),
      ArrowUp: () => this.#mark(this.#at - 1),
      Enter: () => this.#take(this.#at),
      Tab: () => this.#take(this.#at),
      Escape: () => this.close(),
    }[event.key]
    if (!act) return
    event.preventDefault()
    event.stopImmediatePropagation()
    act()
  }
}
