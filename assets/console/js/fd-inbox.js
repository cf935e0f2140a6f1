// <fd-inbox>: conversations as staff work on them. The server renders list and transcript, so that the page can be read
// without scripts; from here on both are live. Parts are in `inbox/`.
import { el, icon } from "./lib/dom.js"
import { SourceDrawer } from "./lib/source-drawer.js"
import { announce, toast } from "./lib/toast.js"
import { Acts } from "./inbox/acts.js"
import * as api from "./inbox/api.js"
import { BulkBar } from "./inbox/bulk.js"
import { Card } from "./inbox/card.js"
import { askApproval, askAssign, askMerge, askNotices, askSnooze } from "./inbox/choices.js"
import { Composer } from "./inbox/composer.js"
import { Here } from "./inbox/here.js"
import { Keys } from "./inbox/keys.js"
import { List } from "./inbox/list.js"
import { Live } from "./inbox/live.js"
import { Notify } from "./inbox/notify.js"
import { Outbox } from "./inbox/outbox.js"
import { Reader } from "./inbox/reader.js"
import { Talk } from "./inbox/talk.js"
import { Views } from "./inbox/views.js"
import { nameOf } from "./inbox/words.js"

class FdInbox extends HTMLElement {
  #canned = []
  #id
  // What was told of conversations that wait, until somebody has them.
  #waits = new Map()

  // Lifecycle

  connectedCallback() {
    const { user, name, business, sla } = this.dataset
    const part = name => this.querySelector(`[data-${name}]`)
    const context = { me: { id: user, name }, business, sla: sla.split(",").map(Number), ...options(this), canned: () => this.#canned, href: row => this.#href(row.id), draft: id => this.composer.has(id) }
    this.context = context
    this.drawer = new SourceDrawer(part("source"))
    this.notify = new Notify(notice => { if (notice.conversation) this.#open(notice.conversation) })
    this.acts = new Acts({ changed: row => this.#changed(row), refresh: ids => this.#refresh(ids) })
    this.list = new List(part("list"), context, {
      counts: counts => this.views.counts(counts), picked: () => this.bulk?.show(this.list.picked), failed: error => toast(error.message),
    })
    this.bulk = new BulkBar(part("bulk"), { act: (act, ids) => this.#bulk(act, ids), clear: () => this.list.clearPicked() })
    this.views = new Views(part("views"), part("find"), this.notify, () => this.#show())
    this.reader = new Reader({ shown: () => this.#draw(), failed: error => this.#unreadable(error) })
    this.outbox = new Outbox(context.me, { changed: id => { if (id === this.#id) this.#draw() }, sent: item => this.#sent(item) })
    this.talk = new Talk(part("talk"), context, this.#talkActs())
    this.composer = new Composer(this.talk.foot, context, {
      send: item => this.outbox.add(item), typing: (id, on) => api.typing(id, on).catch(() => {}),
      draft: (id, signal) => api.draft(id, signal), translate: (id, what, signal) => api.translate(id, what, signal), openSource: citation => this.drawer.open(citation),
    })
    this.card = new Card(part("card"), context, {
      assign: (row, to) => this.acts.many([row.id], "assign", to), tag: (row, tags) => this.#tag(row, tags),
      close: () => this.#toggleCard(false), changed: () => this.reader.refresh(),
    })
    this.keys = new Keys(this.#keyActs())
    part("tools").append(this.#tool("bell", "How you are told", () => askNotices(this.notify, this.keys)), this.#tool("keyboard", "Keyboard shortcuts", () => this.keys.help()))
    this.addEventListener("click", event => this.#clicked(event))
    window.addEventListener("popstate", () => this.#route())
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#draw() })
    this.here = new Here()
    this.live = new Live(this.#liveActs(part("lost")))
    api.cannedReplies().then(all => { this.#canned = all }, () => {})
    this.toggleAttribute("data-live", true)
    this.#route()
  }

  disconnectedCallback() {
    this.here.stop()
    this.live.close()
  }

  // Where the page is

  #route() {
    this.views.read()
    const id = /^\/inbox\/([^/]+)$/.exec(location.pathname)?.[1]
    this.#show()
    if (id) this.#open(decodeURIComponent(id), { push: false, focus: false })
    else this.#close(false)
  }

  #show() { return this.list.show(this.views.query) }

  #href(id) {
    const query = this.views.queryString()
    return `/inbox${id ? `/${encodeURIComponent(id)}` : ""}${query ? `?${query}` : ""}`
  }

  #clicked(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    const link = event.target.closest("a[href^='/inbox/']")
    if (!link) return
    event.preventDefault()
    this.#open(decodeURIComponent(new URL(link.href).pathname.split("/").at(-1)))
  }

  #open(id, { push = true, focus = true } = {}) {
    if (push && id !== this.#id) history.pushState(null, "", this.#href(id))
    this.#id = id
    this.focusWhenShown = focus
    this.classList.add("inbox--open")
    this.list.open(id)
    this.reader.open(id)
    this.here.open(id)
  }

  #close(push = true) {
    const was = this.#id
    if (push && was) history.pushState(null, "", this.#href())
    this.#id = undefined
    this.reader.open(undefined)
    this.here.open(undefined)
    this.classList.remove("inbox--open")
    this.list.open(null)
    this.#toggleCard(false)
    this.querySelector("[data-card]").replaceChildren()
    this.querySelector("[data-talk]").replaceChildren(el("div", { class: "empty" }, icon("chat"), el("h2", {}, "Choose a conversation"), el("p", {}, "Pick one from the list to read it. Press ? to see the keyboard shortcuts.")))
    if (was) this.list.focus(was)
  }

  // What is shown

  #draw() {
    const detail = this.reader.detail
    if (!detail || detail.id !== this.#id) return
    if (detail.merged_into && detail.state === "closed") return this.#open(detail.merged_into)
    const presence = this.list.presence(detail.id) ?? detail.presence
    this.talk.show(detail, this.outbox.of(detail.id), presence)
    this.composer.show(detail)
    this.card.show(detail)
    this.talk.showPresence(detail, presence)
    if (this.focusWhenShown) this.talk.head.querySelector("h2").focus()
    this.focusWhenShown = false
    this.notify.setTitle(this.views.waiting, `${nameOf(detail)} · Inbox`)
    if (detail.unread && !document.hidden) api.change(detail.id, "read").then(row => this.list.update(row), () => {})
  }

  #unreadable(error) {
    if (!error.status) return toast(error.message)
    this.querySelector("[data-talk]").replaceChildren(el("div", { class: "empty" }, icon("warning"), el("h2", {}, "This conversation cannot be shown"), el("p", {}, error.message), el("p", {}, el("a", { class: "button", href: "/inbox" }, "Back to the list"))))
  }

  #toggleCard(open = !this.classList.contains("inbox--card")) {
    const was = this.classList.contains("inbox--card")
    this.classList.toggle("inbox--card", open)
    if (open) this.card.focusAssign()
    else if (was) this.talk.head.querySelector("[data-act=more]")?.focus()
  }

  // What staff do

  #changed(row) {
    if (row.state !== "waiting") this.#waitsNoMore(row.id)
    this.list.update(row)
    if (row.id === this.#id) this.reader.refresh()
  }

  async #refresh(ids) {
    await this.list.refresh()
    if (ids.includes(this.#id)) await this.reader.refresh()
  }

  async #sent(item) {
    this.live.hurry()
    if (item.conversation === this.#id) await this.reader.refresh()
  }

  #talkActs() {
    const { acts } = this
    const one = act => row => acts.many([row.id], act)
    return {
      take: row => acts.take(row, this.context.me), giveBack: row => acts.giveBack(row), reopen: row => acts.reopen(row),
      close: one("close"), spam: row => acts.many([row.id], row.spam ? "not-spam" : "spam"),
      unread: row => acts.markUnread(row), back: () => this.#close(), details: () => this.#toggleCard(),
      older: () => this.reader.older(change => this.talk.keepPlace(change)),
      assign: row => this.#bulk("assign", [row.id]), snooze: row => this.#bulk("snooze", [row.id]),
      merge: row => this.#merge(row), summarise: row => this.#summarise(row), approve: message => this.#approve(message), translate: message => this.#translate(message),
      again: item => this.outbox.again(item.client_id),
      drop: item => { this.outbox.drop(item.client_id); this.composer.put(item.text, item.kind === "note" ? "note" : "reply") },
      // For a message that was refused because a colleague has the conversation.
      takeAndSend: async item => { if (await acts.take({ ...this.reader.detail, ...this.list.get(item.conversation) }, this.context.me)) this.outbox.again(item.client_id) },
    }
  }

  async #bulk(act, ids) {
    if (!ids.length) return
    let more = {}
    if (act === "assign") more = await askAssign(this.context)
    if (act === "snooze") {
      const until = await askSnooze(ids.length === 1 ? this.#rowOf(ids[0])?.snoozed_until : undefined)
      more = until === undefined ? undefined : { until }
    }
    if (more && await this.acts.many(ids, act, more)) this.list.clearPicked()
  }

  #rowOf(id) { return this.reader.detail?.id === id ? this.reader.detail : this.list.get(id) }

  async #tag(row, tags) {
    try {
      this.#changed(await api.tag(row.id, tags))
      for (const tag of tags) if (!this.context.tags.includes(tag)) this.context.tags.push(tag)
    } catch (error) {
      toast(error.message)
    }
  }

  async #merge(row) {
    const into = await askMerge(row)
    if (!into) return
    try {
      await api.merge(row.id, into)
      this.list.remove(row.id)
      this.#open(into)
      toast("The two conversations are one now.")
    } catch (error) {
      toast(error.message)
    }
  }

  async #summarise(row) {
    toast("Summing up. This can take a moment.")
    try {
      const { text, how } = await api.summary(row.id)
      if (row.id === this.#id) this.talk.showSummary(text, how)
    } catch (error) {
      toast(error.message)
    }
  }

  // Into the language of this browser.
  async #translate(message) {
    try {
      const to = navigator.language.split("-")[0]
      const found = await api.translate(this.#id, { message: message.id, to })
      this.talk.translations.set(message.id, found)
      this.#draw()
      announce(`Machine translation: ${found.text}`)
    } catch (error) {
      toast(error.message)
    }
  }

  async #approve(message) {
    const { id, transcript } = this.reader.detail
    const before = transcript.filter(one => one.role === "user" && one.seq < message.seq).at(-1)
    const chosen = await askApproval(before?.text ?? "", message.text)
    if (!chosen) return
    try {
      const { state } = await api.approve(id, message.id, chosen.question, chosen.as)
      toast({
        approved: "Approved. The assistant gives this answer from now on. You find it under Knowledge.",
        draft: "Suggested. Somebody who looks after the knowledge approves it.",
        kept: "Kept as a document. The assistant quotes from it once it is read. You find it under Knowledge.",
      }[state])
    } catch (error) {
      toast(error.message)
    }
  }

  #tool(name, label, act) {
    return el("button", { type: "button", "data-tool": name, class: "button button--quiet button--icon", "aria-label": label, title: label, onclick: act }, icon(name))
  }

  // What the server tells

  #liveActs(banner) {
    return {
      row: row => this.#changed(row),
      gone: ({ id }) => { this.#waitsNoMore(id); this.list.remove(id); if (id === this.#id) this.reader.refresh() },
      counts: counts => this.views.counts(counts),
      presence: one => { this.list.setPresence(one); if (one.conversation === this.#id && this.reader.detail) this.talk.showPresence(this.reader.detail, this.list.presence(this.#id)) },
      notice: notice => this.#told(notice),
      lost: () => { banner.hidden = false },
      back: told => { banner.hidden = true; if (told) announce("The connection is back."); this.outbox.resume(); this.#refresh([this.#id]); this.here.tell() },
    }
  }

  async #told(notice) {
    // The owner sees by this that it reached somebody.
    if (notice.kind === "lead_created" || notice.kind === "callback_requested") api.task(notice.task, "shown").catch(() => {})
    const reading = notice.conversation === this.#id && !document.hidden
    if (reading && notice.kind === "message_received") return
    const waits = notice.kind === "conversation_waiting" || notice.kind === "conversation_requeued"
    const signal = waits ? this.#waitsNow(notice.conversation) : undefined
    this.notify.tell(notice, signal)
    if (document.hidden) return
    const open = await toast([notice.title, notice.text].filter(Boolean).join(": "), notice.conversation ? "Open" : undefined, { signal })
    if (open) this.#open(notice.conversation)
  }

  #waitsNow(id) {
    this.#waitsNoMore(id)
    const told = new AbortController()
    this.#waits.set(id, told)
    return told.signal
  }

  // Somebody has the conversation, or it is closed: what was told of it goes.
  #waitsNoMore(id) {
    this.#waits.get(id)?.abort()
    this.#waits.delete(id)
  }

  #keyActs() {
    const { list } = this
    const detail = act => () => { if (this.#id && this.reader.detail) act(this.reader.detail) }
    const targets = () => list.picked.size ? [...list.picked] : [this.#id ?? list.focused()].filter(Boolean)
    const move = step => () => { const id = list.neighbour(list.focused(), step); if (id) list.focus(id) }
    return {
      j: move(1), k: move(-1), r: detail(() => this.composer.setMode("reply")), n: detail(() => this.composer.setMode("note")),
      t: detail(row => this.acts.take(row, this.context.me)), e: () => { if (targets().length) this.#bulk("close", targets()) },
      a: () => this.#bulk("assign", targets()), s: () => this.#bulk("snooze", targets()),
      x: () => { const id = list.focused(); if (id) list.togglePick(id) }, z: () => this.acts.undoLast(),
      "/": () => this.views.focusSearch(), "?": () => this.keys.help(),
      Escape: (event, typing) => {
        if (typing) return typing.blur()
        if (this.classList.contains("inbox--card")) return this.#toggleCard(false)
        if (this.#id) this.list.focus(this.#id)
      },
    }
  }
}

// People, teams and tags stand in the filter's fields.
function options(host) {
  const of = name => [...host.querySelectorAll(`select[name=${name}] option[value]:not([value=""])`)].map(node => ({ id: node.value, name: node.textContent.trim() }))
  return { people: of("assigned"), teams: of("team"), tags: of("tag").map(one => one.id) }
}

customElements.define("fd-inbox", FdInbox)
