// The bar over the list while conversations are selected.
import { el } from "../lib/dom.js"

const ACTS = [["close", "Close"], ["assign", "Assign"], ["snooze", "Snooze"], ["read", "Mark as read"], ["spam", "Spam"]]

export class BulkBar {
  #ids = []

  constructor(host, { act, clear }) {
    this.host = host
    this.count = el("span", { class: "bulk__count", role: "status" })
    const button = (label, onclick) => el("button", { type: "button", class: "button button--quiet button--small", onclick }, label)
    host.append(this.count, button("Cancel", clear), ...ACTS.map(([name, label]) => button(label, () => act(name, [...this.#ids]))))
  }

  show(picked) {
    this.#ids = [...picked]
    this.host.hidden = !picked.size
    this.count.textContent = `${picked.size} selected`
  }
}
