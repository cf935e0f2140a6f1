// The open conversation: its head with what can be done, the transcript, and who else is here.
import { Drawn, el, icon, patch } from "../lib/dom.js"
import { announce } from "../lib/toast.js"
import { drawMessage, drawNote, drawWaiting } from "./message.js"
import { dayName, nameOf, sameDay, standing, waits } from "./words.js"

const NEAR_BOTTOM_PX = 120

export class Talk {
  #shown
  #lastSeen
  #atEnd = true
  #drawn = new Drawn()
  // By the id of the message; on this page only.
  translations = new Map()

  // `context` has me and sla; `on` has the acts, older(), back() and what `drawWaiting` needs.
  constructor(host, context, on) {
    this.context = context
    this.on = on
    this.head = el("header", { class: "talk__head" })
    this.summary = el("section", { class: "talk__summary", "aria-label": "Summary", hidden: true })
    this.older = el("button", { type: "button", class: "button button--small talk__older", onclick: () => on.older(), hidden: true }, "Show earlier messages")
    this.entries = el("ol", { class: "talk__entries" })
    this.live = el("p", { class: "talk__live muted" })
    this.log = el("div", { class: "talk__log", tabindex: "0", role: "region", "aria-label": "What was said" }, this.older, this.entries, this.live)
    this.foot = el("div", { class: "talk__foot" })
    this.host = host
    // Whoever reads the end stays there when the box below grows.
    this.log.addEventListener("scroll", () => { this.#atEnd = this.#below() < NEAR_BOTTOM_PX }, { passive: true })
    new ResizeObserver(() => { if (this.#atEnd) this.#toEnd() }).observe(this.log)
  }

  mount() {
    if (!this.host.contains(this.log)) this.host.replaceChildren(this.head, this.summary, this.log, this.foot)
  }

  // `detail` is the conversation as the server gave it, `waiting` what it has not confirmed, `presence` who is here.
  show(detail, waiting, presence) {
    this.mount()
    const other = this.#shown !== detail.id
    const atEnd = other || this.#below() < NEAR_BOTTOM_PX
    this.#drawHead(detail, presence)
    this.older.hidden = !detail.older
    patch(this.entries, [...this.#entries(detail), ...waiting.map(item => this.#drawn.get(item.client_id, JSON.stringify(item), () => drawWaiting(item, this.on)))])
    this.#drawn.done()
    if (other) { this.summary.hidden = true; this.summary.replaceChildren() }
    if (atEnd) this.#toEnd()
    this.#say(detail, other)
    this.#shown = detail.id
  }

  // Earlier messages came in above: what was in view stays there.
  keepPlace(change) {
    const { scrollHeight, scrollTop } = this.log
    change()
    this.log.scrollTop = scrollTop + this.log.scrollHeight - scrollHeight
  }

  showPresence(detail, presence) {
    this.#drawHead(detail, presence)
    this.live.textContent = presence?.visitor?.typing ? `${nameOf(detail)} is typing` : presence?.composing ? "The assistant is typing" : ""
  }

  showSummary(text, how) {
    const close = el("button", { type: "button", class: "button button--quiet button--icon", "aria-label": "Close the summary", onclick: () => { this.summary.hidden = true } }, icon("close"))
    const source = how === "model" ? "Written by the model on this machine. Check it before you rely on it." : "The most telling sentences of the conversation."
    this.summary.replaceChildren(
      el("div", {}, el("h3", {}, "So far"), el("p", { dir: "auto" }, text), el("p", { class: "muted" }, source)), close)
    this.summary.hidden = false
    announce(`Summary: ${text}`)
  }

  #below() { return this.log.scrollHeight - this.log.clientHeight - this.log.scrollTop }

  #toEnd() { this.log.scrollTop = this.log.scrollHeight }

  // The entries by time, with a line where a day begins.
  #entries(detail) {
    const { me } = this.context
    const context = { me, people: this.context.people, visitor: nameOf(detail), approve: this.on.approve, translate: this.on.translate, translations: this.translations }
    const kept = (one, draw) => () => this.#drawn.get(one.id, JSON.stringify([one, context.visitor, this.translations.get(one.id)]), () => draw(one, context))
    const all = [
      ...detail.transcript.map(message => [message.created_at, message.seq, kept(message, drawMessage)]),
      ...detail.notes.filter(note => !detail.older || note.created_at >= (detail.transcript[0]?.created_at ?? 0))
        .map(note => [note.created_at, Infinity, kept(note, drawNote)]),
    ].sort((a, b) => a[0] - b[0] || a[1] - b[1])
    const nodes = []
    let before
    for (const [at, , draw] of all) {
      if (before === undefined || !sameDay(before, at)) nodes.push(this.#drawn.get(`day ${dayName(at)}`, "", () => el("li", { class: "day" }, dayName(at))))
      before = at
      nodes.push(draw())
    }
    return nodes
  }

  #drawHead(detail, presence) {
    const { me, sla } = this.context
    const focused = this.head.contains(document.activeElement) ? document.activeElement.dataset.act : null
    const open = this.head.querySelector("details")?.open
    const state = standing(detail, me)
    const late = waits(detail, sla)
    const others = presence?.viewers.filter(viewer => viewer.id !== me.id) ?? []
    const looking = others.map(viewer => viewer.typing ? `${viewer.name} is typing` : `${viewer.name} is looking`)
    const online = presence?.visitor ? presence.visitor.online : detail.online
    this.head.replaceChildren(
      el("button", { type: "button", class: "button button--quiet button--icon talk__back", "aria-label": "Back to the list", "data-act": "back", onclick: () => this.on.back() }, icon("back")),
      el("div", { class: "talk__who" },
        el("h2", { tabindex: "-1", dir: "auto" }, nameOf(detail)),
        el("p", { class: "talk__standing" },
          detail.identity ? el("span", { class: "badge", "data-state": "ready", title: `Your website vouches for the id ${detail.identity}` }, "Verified") : null,
          late && detail.state === "waiting" ? null : el("span", { class: "badge", "data-state": state.state }, state.label),
          late ? el("span", { class: `sla sla--${late.level}` }, icon(late.level === "over" ? "warning" : "clock"), late.text) : null,
          el("span", { class: `talk__online${online ? " talk__online--yes" : ""}` }, online ? "online" : "not online"),
          looking.length ? el("span", { class: "talk__others" }, icon("eye"), looking.join(", ")) : null)),
      el("div", { class: "talk__acts" }, ...this.#buttons(detail), this.#menu(detail)))
    if (open) this.head.querySelector("details").open = true
    if (focused) this.head.querySelector(`[data-act="${focused}"]`)?.focus()
  }

  #buttons(detail) {
    const { me } = this.context
    const mine = detail.state === "human" && detail.assigned_to?.id === me.id
    const button = (act, label, kind, name) => el("button", {
      type: "button", class: `button ${kind}`, "data-act": act, title: label, onclick: () => this.on[act](detail),
    }, icon(name), el("span", {}, label))
    if (detail.state === "closed") return [button("reopen", "Reopen", "", "refresh")]
    return [
      mine ? button("giveBack", "Give back", "", "return") : button("take", detail.state === "human" ? "Take over from them" : "Take over", "button--primary", "hand"),
      button("close", "Close", "", "check"),
    ]
  }

  #menu(detail) {
    const item = (act, label, name) => el("button", {
      type: "button", class: "choice", "data-act": act, onclick: event => { event.target.closest("details").open = false; this.on[act](detail) },
    }, icon(name), label)
    return el("details", { class: "menu", "data-menu": true },
      el("summary", { class: "button button--quiet button--icon", "aria-label": "More about this conversation", title: "More", "data-act": "more" }, icon("more")),
      el("div", { class: "menu__panel menu__panel--acts card" },
        detail.state === "closed" ? null : item("close", "Close", "check"),
        item("details", "Visitor and details", "user"),
        item("assign", "Assign", "team"),
        item("snooze", detail.snoozed_until ? "Wake or snooze again" : "Snooze", "snooze"),
        item("summarise", "Sum up what was said", "spark"),
        item("unread", "Mark as unread", "inbox"),
        item("merge", "Merge into another", "merge"),
        item("spam", detail.spam ? "Not spam" : "Mark as spam", "flag")))
  }

  // Screen readers hear what the visitor writes, once.
  #say(detail, other) {
    const last = detail.transcript.at(-1)
    if (!other && last && last.id !== this.#lastSeen && last.role === "user") announce(`${nameOf(detail)}: ${last.text}`)
    this.#lastSeen = last?.id
  }
}
