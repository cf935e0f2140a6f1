// Keyboard shortcuts. They never work while somebody types, and can be switched off (WCAG 2.1.4).
import { el } from "../lib/dom.js"
import { ask, toggle } from "./dialog.js"

const KEY = "fd-keys"

const HELP = [
  ["j, k", "Next and previous conversation"], ["Enter", "Open it"], ["r", "Reply"], ["n", "Write a private note"],
  ["t", "Take over"], ["e", "Close"], ["a", "Assign"], ["s", "Snooze"], ["x", "Select"], ["z", "Undo"],
  ["/", "Search; in a reply: canned replies"], ["Esc", "Leave the text box, or go back to the list"], ["?", "Show this"],
]

export class Keys {
  // `acts` has a function for each key.
  constructor(acts) {
    this.acts = acts
    document.addEventListener("keydown", event => this.#pressed(event))
  }

  get on() { return localStorage.getItem(KEY) !== "off" }

  set on(on) { localStorage.setItem(KEY, on ? "on" : "off") }

  help() {
    return ask("Keyboard shortcuts", () => [
      el("dl", { class: "keys" }, ...HELP.flatMap(([keys, what]) => [
        el("dt", {}, ...keys.split(", ").map(key => el("kbd", {}, key))),
        el("dd", {}, what),
      ])),
      toggle("Use shortcuts", "They do nothing while you type.", this.on, on => { this.on = on }),
    ])
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return
    if (document.querySelector("dialog[open]")) return
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")
    if (event.key === "Escape") return this.acts.Escape?.(event, typing)
    if (typing || !this.on) return
    const act = this.acts[event.key]
    if (!act) return
    event.preventDefault()
    act(event)
  }
}
