// What is known about the visitor and the conversation, beside it: who has it, tags, contact, tasks, and its way.
import { el, icon } from "../lib/dom.js"
import { toast } from "../lib/toast.js"
import * as api from "./api.js"
import { CHANNELS, fullTime, languageName, nameOf } from "./words.js"

const MOST_VISITS = 5

export class Card {
  #contact
  #visits = []
  #asked = 0

  // `context` has me, people, teams, tags (an array) and href(row); `on` has assign, tag, close and changed.
  constructor(host, context, on) {
    this.host = host
    this.context = context
    this.on = on
    host.addEventListener("keydown", event => { if (event.key === "Escape") on.close() })
  }

  async show(detail) {
    const other = this.detail?.id !== detail.id
    const contact = detail.contact?.id ?? detail.contact ?? null
    const known = this.detail?.contact?.id ?? this.detail?.contact ?? null
    this.detail = detail
    if (other || contact !== known) { this.#contact = undefined; this.#visits = [] }
    this.#draw()
    if (!contact || (!other && contact === known)) return
    const asked = ++this.#asked
    const [person, visits] = await Promise.allSettled([api.contact(contact), api.list({ contact, view: "everything", limit: MOST_VISITS + 1 })])
    if (asked !== this.#asked) return
    this.#contact = person.value
    this.#visits = (visits.value?.conversations ?? []).filter(row => row.id !== detail.id).slice(0, MOST_VISITS)
    this.#draw()
  }

  focusAssign() { this.host.querySelector("select")?.focus() }

  #draw() {
    // Half-typed tags and the focus stay.
    const focused = this.host.contains(document.activeElement) ? document.activeElement.dataset.part : null
    const typed = this.host.querySelector("[data-part=tag]")?.value ?? ""
    const open = [...this.host.querySelectorAll("details[open]")].map(node => node.dataset.part)
    const { detail } = this
    this.host.replaceChildren(
      el("div", { class: "side__head" }, el("h2", { dir: "auto" }, nameOf(detail)),
        el("button", { type: "button", class: "button button--quiet button--icon side__close", "aria-label": "Close the details", onclick: () => this.on.close() }, icon("close"))),
      ...[this.#assignment(), this.#tags(), this.#person(), this.#tasks(), this.#analysis(), this.#earlier(), this.#way()].filter(Boolean))
    this.host.querySelector("[data-part=tag]").value = typed
    for (const part of open) this.host.querySelector(`details[data-part=${part}]`)?.setAttribute("open", "")
    if (focused) this.host.querySelector(`[data-part=${focused}]`)?.focus()
  }

  #assignment() {
    const { people, teams, me } = this.context
    const { assigned_to: user, team } = this.detail
    const option = (value, label, selected) => { const node = el("option", { value }, label); node.selected = selected; return node }
    const mine = people.filter(one => one.id === me.id).map(one => option(`user:${one.id}`, "Me", user?.id === one.id))
    const others = people.filter(one => one.id !== me.id).map(one => option(`user:${one.id}`, one.name, user?.id === one.id))
    const groups = teams.map(one => option(`team:${one.id}`, one.name, !user && team?.id === one.id))
    return section("Who looks after it", el("select", {
      class: "input", "aria-label": "Who looks after it", "data-part": "assign",
      onchange: event => {
        const [kind, id] = event.target.value.split(":")
        this.on.assign(this.detail, id ? { [kind]: id } : { user: null, team: null })
      },
    },
    option("", "Nobody", !user && !team), ...mine,
    others.length ? el("optgroup", { label: "People" }, ...others) : null,
    groups.length ? el("optgroup", { label: "Teams" }, ...groups) : null))
  }

  // A form of the page Scores: what it finds opens there.
  #analysis() {
    return section("Score and summary", el("form", { method: "post", action: "/scores" },
      el("input", { type: "hidden", name: "conversation", value: this.detail.id }),
      el("button", { type: "submit", class: "button button--small" }, icon("spark"), "Analyse")))
  }

  #tags() {
    const { tags } = this.detail
    const chips = tags.map(tag => el("li", { class: "tag" }, el("bdi", {}, tag),
      el("button", { type: "button", class: "tag__remove", "aria-label": `Remove the tag ${tag}`, onclick: () => this.on.tag(this.detail, tags.filter(one => one !== tag)) }, icon("close"))))
    const box = el("input", { class: "input", list: "known-tags", maxlength: "40", placeholder: "Add a tag", "aria-label": "Add a tag", "data-part": "tag", autocomplete: "off", dir: "auto" })
    return section("Tags", tags.length ? el("ul", { class: "tags" }, ...chips) : null, el("form", {
      class: "tags__add", onsubmit: event => {
        event.preventDefault()
        const tag = box.value.trim()
        box.value = ""
        if (tag && !tags.includes(tag)) this.on.tag(this.detail, [...tags, tag])
      },
    }, box, el("button", { type: "submit", class: "button button--icon", "aria-label": "Add the tag" }, icon("plus")),
    el("datalist", { id: "known-tags" }, ...this.context.tags.filter(tag => !tags.includes(tag)).map(tag => el("option", { value: tag })))))
  }

  #person() {
    const { detail } = this
    const contact = this.#contact
    const points = (name, of) => (of ?? []).map(point => [name, el("bdi", {}, point.value)])
    const rows = [
      ...points("E-mail", contact?.emails),
      ...points("Telephone", contact?.phones),
      ["Signed in as", detail.identity && el("bdi", {}, detail.identity)],
      ["Page", page(detail.page)],
      ["Language", detail.language && languageName(detail.language)],
      ["Came by", CHANNELS[detail.channel] ?? detail.channel],
      ["Since", fullTime(detail.started_at)],
      ["Assistant", detail.assistant?.title],
    ].filter(([, value]) => value)
    const id = detail.contact?.id ?? detail.contact
    return section("Visitor",
      el("dl", { class: "facts side__facts" }, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      id ? el("p", {}, el("a", { href: `/contacts/${encodeURIComponent(id)}` }, "Open the contact")) : el("p", { class: "muted" }, "Not a contact yet. Whoever leaves a name and an address becomes one."))
  }

  #tasks() {
    const { tasks } = this.detail
    if (!tasks?.length) return null
    const KINDS = { lead: "Lead", callback: "Call back", todo: "To do" }
    return section("To do", el("ul", { class: "todo" }, ...tasks.map(task => el("li", {},
      el("p", {}, el("strong", {}, KINDS[task.kind] ?? task.kind), ": ", el("bdi", {}, task.wish)),
      el("p", { class: "muted numeric" }, task.state !== "open" ? "Done" : `Due ${fullTime(task.call_from ?? task.due_at)}`),
      task.state === "open" ? el("button", { type: "button", class: "button button--small", onclick: () => this.#finish(task) }, icon("check"), "Done") : null))))
  }

  async #finish(task) {
    try {
      await api.task(task.id, "done")
      this.on.changed()
      if (await toast("The task is done.", "Undo")) {
        await api.task(task.id, "reopen")
        this.on.changed()
      }
    } catch (error) {
      toast(error.message)
    }
  }

  #earlier() {
    if (!this.#visits.length) return null
    return section("Earlier conversations", el("ul", { class: "visits" }, ...this.#visits.map(row => el("li", {},
      el("a", { href: this.context.href(row), dir: "auto" }, row.title || row.preview || "Conversation"),
      el("span", { class: "muted numeric" }, fullTime(row.last_at))))))
  }

  #way() {
    const { log } = this.detail
    if (!log?.length) return null
    return el("details", { class: "side__way", "data-part": "way" }, el("summary", {}, "What happened to it"),
      el("ol", {}, ...log.map(one => el("li", {}, el("span", { dir: "auto" }, one.text), el("time", { class: "muted numeric", datetime: new Date(one.at).toISOString() }, fullTime(one.at))))))
  }
}

function section(title, ...children) {
  return el("section", { class: "side__part" }, el("h3", {}, title), ...children)
}

// The address came from a browser: only ordinary ones become links.
function page(address) {
  if (!address) return null
  let url
  try { url = new URL(address) } catch { return el("bdi", {}, address) }
  if (!["http:", "https:"].includes(url.protocol)) return el("bdi", {}, address)
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, el("bdi", {}, url.host + url.pathname))
}
