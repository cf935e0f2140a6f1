// What the inbox asks in dialogs: when a snooze ends, whom to assign, what to merge into, how notices come.
import { el, icon } from "../lib/dom.js"
import { toast } from "../lib/toast.js"
import * as api from "./api.js"
import { ask, choose, confirm, toggle } from "./dialog.js"
import { ago, fullTime, nameOf, snoozeTimes } from "./words.js"

// Unix ms, null to wake it, undefined if nothing was chosen.
export async function askSnooze(until) {
  const choices = snoozeTimes().map(([label, at]) => [label, at])
  if (until) choices.push(null, [`Wake it now (asleep until ${fullTime(until)})`, null])
  const own = el("input", { class: "input", type: "datetime-local", "aria-label": "Another time" })
  const found = await ask("Snooze until", close => [
    el("ul", { class: "choices" }, ...choices.map(choice => choice === null
      ? el("li", { class: "choices__line", role: "separator" })
      : el("li", {}, el("button", { type: "button", class: "choice", onclick: () => close({ at: choice[1] }) }, choice[0])))),
    el("form", { class: "actions", onsubmit: event => {
      event.preventDefault()
      const at = new Date(own.value).getTime()
      if (at > Date.now()) close({ at })
      else toast("Choose a time in the future.")
    } }, own, el("button", { type: "submit", class: "button" }, "Snooze")),
    el("p", { class: "muted" }, "It comes back earlier if the visitor writes."),
  ])
  return found?.at
}

// { user } or { team }, both null for nobody; undefined if nothing was chosen.
export async function askAssign({ people, teams, me }) {
  const choices = [
    ["Me", { user: me.id }], ...people.filter(one => one.id !== me.id).map(one => [one.name, { user: one.id }]),
    ...(teams.length ? [null] : []), ...teams.map(one => [`Team ${one.name}`, { team: one.id }]),
    null, ["Nobody", { user: null, team: null }],
  ]
  return (await choose("Assign to", choices))?.value
}

// The id of the conversation to merge into.
export async function askMerge(detail) {
  const list = el("ul", { class: "choices" })
  const find = el("input", { class: "input", type: "search", placeholder: "Search all conversations", "aria-label": "Search all conversations" })
  const into = await ask("Merge into which conversation?", close => {
    const show = async query => {
      const found = await api.list({ view: "all", limit: 8, ...query }).catch(error => { toast(error.message); return { conversations: [] } })
      const rows = found.conversations.filter(row => row.id !== detail.id)
      list.replaceChildren(...rows.map(row => el("li", {}, el("button", { type: "button", class: "choice choice--two", onclick: () => close(row) },
        el("strong", { dir: "auto" }, nameOf(row)), el("span", { class: "muted" }, el("bdi", {}, row.preview), ` · ${ago(row.last_at)}`)))))
      if (!rows.length) list.replaceChildren(el("li", { class: "muted" }, "No other conversation was found."))
    }
    find.addEventListener("input", () => show(find.value.trim() ? { q: find.value.trim() } : {}))
    const contact = detail.contact?.id ?? detail.contact
    show(contact ? { contact } : {})
    return [find, list]
  })
  if (!into) return undefined
  const yes = await confirm("Merge for good?", `Everything in the conversation with ${nameOf(detail)} moves into the one with ${nameOf(into)}. This cannot be undone.`, "Merge", { danger: true })
  return yes ? into.id : undefined
}

// The question that an answer of staff is for, and what becomes of it: { question, as }.
export function askApproval(question, answer) {
  const box = el("textarea", { class: "input", rows: "2", maxlength: "500", dir: "auto", "aria-label": "Question" })
  box.value = question
  const done = (close, as) => { const question = box.value.trim(); if (question) close({ question, as }); else box.focus() }
  return ask("Keep as an approved answer", close => [
    el("p", {}, "An approved answer is given, word for word, to everybody who asks this. A document has the question as its title, and the assistant quotes from it."),
    el("form", { class: "form", onsubmit: event => { event.preventDefault(); done(close, "answer") } },
      el("label", { class: "field" }, el("span", { class: "field__label" }, "Question"), box),
      el("div", { class: "field" }, el("span", { class: "field__label" }, "Answer"), el("p", { class: "quoted", dir: "auto" }, answer)),
      el("div", { class: "actions dialog__foot" }, el("button", { type: "button", class: "button", onclick: () => done(close, "document") }, icon("documents"), "Make it a document"),
        el("button", { type: "submit", class: "button button--primary" }, icon("check"), "Approve"))),
  ])
}

// Browser notifications, sound, shortcuts.
export function askNotices(notify, keys) {
  const words = {
    none: "This browser shows notifications on secure (https) pages only.",
    refused: "This browser refuses notifications of this page. Allow them beside the address, then reload.",
    on: "On. You are told when a visitor waits, writes to you, or a colleague mentions you.",
    off: "Off. You see and hear news only while this page is open in front of you.",
  }
  const button = el("button", { type: "button", class: "button" })
  const line = el("p", { class: "muted", role: "status" })
  const show = () => {
    const now = notify.notices
    line.textContent = words[now]
    button.hidden = now === "none" || now === "refused"
    button.textContent = now === "on" ? "Turn them off" : "Tell me in this browser"
  }
  button.addEventListener("click", async () => { await notify.switchNotices(notify.notices !== "on"); show() })
  show()
  return ask("How you are told", close => [
    el("section", { class: "stack stack--s" }, el("h3", {}, "Browser notifications"), line, button),
    toggle("A short tone", "When a visitor waits or writes to you.", notify.sound, on => { notify.sound = on }),
    toggle("Keyboard shortcuts", "They do nothing while you type.", keys.on, on => { keys.on = on }),
    el("div", { class: "actions dialog__foot" }, el("button", { type: "button", class: "button", onclick: () => { close(); keys.help() } }, icon("keyboard"), "Show the shortcuts")),
  ])
}
