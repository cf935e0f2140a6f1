// A short message above the foot of the page. With an action it waits while it is hovered or focused.
import { el } from "./dom.js"

const STAY_MS = 6000

// Returns a promise of true when the action was taken, false when the time ran out or `signal` took it away.
export function toast(text, action, { signal } = {}) {
  const host = document.querySelector("[data-toasts]")
  return new Promise(resolve => {
    let timer
    const close = taken => {
      clearTimeout(timer)
      box.remove()
      resolve(taken)
    }
    const start = () => { timer = setTimeout(() => close(false), STAY_MS) }
    const box = el("div", { class: "toast" }, el("span", {}, text))
    if (action) box.append(el("button", { type: "button", onclick: () => close(true) }, action))
    for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, () => clearTimeout(timer))
    for (const name of ["pointerleave", "focusout"]) box.addEventListener(name, start)
    signal?.addEventListener("abort", () => close(false))
    host.append(box)
    start()
  })
}

// Tells screen readers, and only them.
export function announce(text) {
  const line = document.querySelector("[data-announcer]")
  if (line) line.textContent = text
}
