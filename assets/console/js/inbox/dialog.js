// Dialogs of the inbox, and of everything that asks first (`fd-confirm.js`): a title, what `fill` puts in, and a row of buttons.
import { el, icon } from "../lib/dom.js"

// Resolves with what `close(value)` was given, or undefined when the person left it.
export function ask(title, fill) {
  return new Promise(resolve => {
    let value
    const dialog = el("dialog", { class: "dialog card", "aria-labelledby": "dialog-title" })
    const close = chosen => { value = chosen; dialog.close() }
    const leave = el("button", { type: "button", class: "button button--quiet button--icon dialog__close", "aria-label": "Close", onclick: () => close() }, icon("close"))
    dialog.append(
      el("div", { class: "dialog__head" }, el("h2", { id: "dialog-title" }, title)),
      el("div", { class: "dialog__body" }, ...fill(close).filter(Boolean)),
      // Last, so that the first choice has the focus.
      leave,
    )
    dialog.addEventListener("click", event => { if (event.target === dialog) close() })
    dialog.addEventListener("close", () => { dialog.remove(); resolve(value) })
    document.body.append(dialog)
    dialog.showModal()
  })
}

export function confirm(title, text, yes, { danger = false } = {}) {
  return ask(title, close => [
    text ? el("p", {}, text) : null,
    el("div", { class: "actions dialog__foot" },
      el("button", { type: "button", class: "button", onclick: () => close(false) }, "Leave it"),
      el("button", { type: "button", class: `button ${danger ? "button--danger" : "button--primary"}`, onclick: () => close(true) }, yes)),
  ])
}

// A list to choose from; `choices` are [label, value] or null for a line between groups.
export function choose(title, choices, { now, before = [] } = {}) {
  return ask(title, close => [
    ...before,
    el("ul", { class: "choices" }, ...choices.map(choice => choice === null
      ? el("li", { class: "choices__line", role: "separator" })
      : el("li", {}, el("button", {
        type: "button", class: "choice", "aria-pressed": now === undefined ? null : String(choice[1] === now), onclick: () => close({ value: choice[1] }),
      }, choice[0], choice[1] === now && now !== undefined ? icon("check") : null)))),
  ])
}

export function toggle(label, hint, checked, onchange) {
  return el("label", { class: "check" },
    el("input", { type: "checkbox", checked, onchange: event => onchange(event.target.checked) }),
    el("span", {}, el("strong", {}, label), el("br"), el("span", { class: "muted" }, hint)))
}
