// Where staff write: a reply or a private note, with canned replies, files, and a draft by the AI that nobody sends but them.
import { el, icon } from "../lib/dom.js"
import { announce, toast } from "../lib/toast.js"
import { Suggest } from "./suggest.js"
import { firstName } from "./words.js"

const TYPING_MS = 4000
const IDLE_MS = 6000
const MOST_FILES = 5
// As the server takes.
const MOST_CHARS = 16_000
const MOST_BYTES = 10_000_000

export class Composer {
  #mode = "reply"
  #conversation
  #told = 0
  #idle
  #files = []
  #asking
  // What is half written, by conversation. Files cannot be stored: they stay while the page is open.
  #texts
  #attached = new Map()

  // `context` has me, business, people and canned(); `on` has send, typing, draft, translate and openSource.
  constructor(host, context, on) {
    this.context = context
    this.on = on
    this.key = `fd-writing:${context.me.id}`
    this.#texts = read(this.key)
    this.box = el("textarea", { class: "reply__box", rows: "2", maxlength: String(MOST_CHARS), dir: "auto", autocomplete: "off", "aria-label": "Your reply" })
    this.modes = ["reply", "note"].map(mode => el("button", {
      type: "button", "data-mode": mode, "aria-pressed": String(mode === "reply"), onclick: () => this.setMode(mode),
    }, mode === "reply" ? "Reply" : "Private note"))
    this.notice = el("div", { class: "reply__draft", role: "status", hidden: true })
    this.chips = el("ul", { class: "files reply__files", hidden: true })
    this.picker = el("input", { type: "file", class: "visually-hidden", multiple: true, tabindex: "-1", "aria-hidden": "true", onchange: () => this.#attach() })
    const tool = (name, label, act) => el("button", { type: "button", class: "button button--quiet button--small", title: label, onclick: act }, icon(name), el("span", {}, label))
    this.tools = [
      tool("attach", "Attach files", () => this.picker.click()),
      tool("bolt", "Canned replies", () => this.#startCanned()),
      tool("spark", "Draft by the AI", () => this.#draft()),
      tool("globe", "Translate", () => this.#translate()),
    ]
    this.sendButton = el("button", { type: "submit", class: "button button--primary" }, icon("send"), el("span", { "data-label": true }, "Send"))
    this.form = el("form", { class: "reply", onsubmit: event => { event.preventDefault(); this.#send() } },
      el("div", { class: "segmented reply__modes", role: "group", "aria-label": "What you write" }, ...this.modes),
      this.notice, this.chips, el("div", { class: "reply__field" }, this.box), this.picker,
      el("div", { class: "reply__foot" }, el("div", { class: "reply__tools" }, ...this.tools), this.sendButton))
    host.append(this.form)
    this.suggest = new Suggest(this.box, this.form.querySelector(".reply__field"), text => this.#suggestions(text))
    this.box.addEventListener("keydown", event => this.#key(event))
    this.box.addEventListener("input", () => this.#typed())
    this.box.addEventListener("blur", () => this.#stopTyping())
  }

  // Shows what was half written for this conversation.
  show(detail) {
    this.detail = detail
    if (this.#conversation === detail.id) return
    this.#asking?.abort()
    this.#stopTyping()
    this.#conversation = detail.id
    this.#setFiles(this.#attached.get(detail.id) ?? [])
    this.notice.hidden = true
    const kept = this.#texts[detail.id]
    // The words first: the mode keeps what is in the box for this conversation.
    this.box.value = kept?.text ?? ""
    this.setMode(kept?.mode ?? "reply", false)
  }

  // Whether something unsent waits for this conversation.
  has(id) { return Boolean(this.#texts[id]) || this.#attached.has(id) }

  setMode(mode, focus = true) {
    this.#mode = mode
    const note = mode === "note"
    for (const button of this.modes) button.setAttribute("aria-pressed", String(button.dataset.mode === mode))
    this.form.classList.toggle("reply--note", note)
    this.box.setAttribute("aria-label", note ? "Your private note" : "Your reply")
    this.box.placeholder = note ? "Only colleagues see this. @ calls somebody." : "Write to the visitor. / finds a canned reply."
    this.sendButton.querySelector("[data-label]").textContent = note ? "Save note" : "Send"
    for (const tool of this.tools) tool.hidden = note
    if (focus) this.box.focus()
    this.#keep()
  }

  put(text, mode = "reply") {
    this.setMode(mode)
    this.box.value = [this.box.value.trim(), text].filter(Boolean).join("\n\n")
    this.#keep()
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return
    event.preventDefault()
    this.#send()
  }

  #send() {
    const text = this.box.value.trim()
    if (!text && !this.#files.length) return this.box.focus()
    const note = this.#mode === "note"
    this.on.send({ conversation: this.#conversation, kind: note ? "note" : "message", text, files: note ? undefined : this.#files })
    this.box.value = ""
    this.#setFiles([])
    this.notice.hidden = true
    this.#stopTyping()
    this.#keep()
    this.box.focus()
  }

  // Typing is told while it goes on, for replies only.
  #typed() {
    this.#keep()
    if (this.#mode !== "reply" || !this.box.value.trim()) return this.#stopTyping()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#stopTyping(), IDLE_MS)
    if (Date.now() - this.#told < TYPING_MS) return
    this.#told = Date.now()
    this.on.typing(this.#conversation, true)
  }

  #stopTyping() {
    clearTimeout(this.#idle)
    if (!this.#told) return
    this.#told = 0
    this.on.typing(this.#conversation, false)
  }

  #suggestions(text) {
    const [sign, pattern] = this.#mode === "note" ? ["@", /(?:^|\s)@([^\s@]*)$/] : ["/", /(?:^|\s)\/([^\s/]*)$/]
    const typed = pattern.exec(text)?.[1].toLowerCase()
    if (typed === undefined) return null
    const from = text.length - typed.length - 1
    if (sign === "@") {
      const found = this.context.people.filter(one => one.name.toLowerCase().split(/\s+/).some(part => part.startsWith(typed)) && one.id !== this.context.me.id)
      return { from, items: found.map(one => ({ label: one.name, insert: `@${one.name} ` })) }
    }
    const found = this.context.canned().filter(one => one.shortcut.toLowerCase().startsWith(typed) || one.text.toLowerCase().includes(typed))
    return { from, items: found.map(one => ({ label: `/${one.shortcut}`, hint: this.#fill(one.text), insert: this.#fill(one.text) })) }
  }

  // A name that is not known leaves no gap: "Hello {name}," becomes "Hello,".
  #fill(text) {
    const known = { name: firstName(this.detail.visitor_name || this.detail.contact?.name || ""), agent: firstName(this.context.me.name), business: this.context.business }
    return text.replace(/ ?\{(name|agent|business)\}/g, (whole, name) => known[name] ? whole.replace(`{${name}}`, known[name]) : "")
  }

  #startCanned() {
    if (!this.context.canned().length) return toast("There are no canned replies yet. They are written under “Desk”.")
    this.box.focus()
    this.box.setRangeText(/(^|\s)$/.test(this.box.value.slice(0, this.box.selectionStart)) ? "/" : " /", this.box.selectionStart, this.box.selectionEnd, "end")
    this.box.dispatchEvent(new Event("input", { bubbles: true }))
  }

  // The draft goes into the box, where it is read and changed; it is never sent by itself.
  async #draft() {
    this.#asking?.abort()
    const asking = this.#asking = new AbortController()
    const conversation = this.#conversation
    this.notice.replaceChildren(icon("spark"), el("span", {}, "The AI looks in your documents."),
      el("button", { type: "button", class: "button button--small", onclick: () => { asking.abort(); this.notice.hidden = true } }, "Stop"))
    this.notice.hidden = false
    try {
      const draft = await this.on.draft(conversation, asking.signal)
      if (asking.signal.aborted || conversation !== this.#conversation) return
      const before = this.box.value
      this.box.value = draft.text.replace(/\s?\[\d{1,2}\]/g, "")
      this.#keep()
      this.#showDraft(draft, before)
      this.box.focus()
    } catch (error) {
      if (error.name === "AbortError") return
      this.notice.hidden = true
      toast(error.message)
    }
  }

  #showDraft({ citations = [] }, before) {
    const sources = citations.map(citation => el("button", { type: "button", class: "source", onclick: () => this.on.openSource(citation) },
      el("span", { class: "source__number" }, String(citation.number)), el("span", { class: "source__title" }, citation.title)))
    this.notice.replaceChildren(icon("spark"),
      el("span", {}, el("strong", {}, "A draft by the AI. "), citations.length ? "Check it against its sources, change it, and send it yourself." : "It rests on no source. Check it with care."),
      ...sources,
      el("button", { type: "button", class: "button button--small", onclick: () => { this.box.value = before; this.#keep(); this.notice.hidden = true; this.box.focus() } }, "Discard"))
    announce("The draft is in the text box. It is not sent.")
  }

  // The translation stands above the words that were written, so that the visitor gets both and staff see what they send.
  async #translate() {
    const own = this.box.value.trim()
    if (!own) { toast("Write your reply first."); return this.box.focus() }
    this.#asking?.abort()
    const asking = this.#asking = new AbortController()
    const conversation = this.#conversation
    this.notice.replaceChildren(icon("globe"), el("span", {}, "The model on this machine translates."),
      el("button", { type: "button", class: "button button--small", onclick: () => { asking.abort(); this.notice.hidden = true } }, "Stop"))
    this.notice.hidden = false
    try {
      const { text, note } = await this.on.translate(conversation, { text: own }, asking.signal)
      if (asking.signal.aborted || conversation !== this.#conversation) return
      this.box.value = `${text}\n\n${note}\n${own}`
      this.#keep()
      this.notice.replaceChildren(icon("globe"), el("span", {}, el("strong", {}, "A machine translation. "), "Your own words follow it, so that the visitor has both. Check it, and send it yourself."),
        el("button", { type: "button", class: "button button--small", onclick: () => { this.box.value = own; this.#keep(); this.notice.hidden = true; this.box.focus() } }, "Take it back"))
      announce("The translation is in the text box, above your own words. It is not sent.")
      this.box.focus()
    } catch (error) {
      if (error.name === "AbortError") return
      this.notice.hidden = true
      toast(error.message)
    }
  }

  #attach() {
    for (const file of this.picker.files) {
      if (file.size > MOST_BYTES) toast(`“${file.name}” is larger than 10 MB, so it cannot be sent.`)
      else if (this.#files.length >= MOST_FILES) { toast("A message takes five files. Send these first."); break }
      else this.#files.push(file)
    }
    this.picker.value = ""
    this.#setFiles(this.#files)
    this.box.focus()
  }

  #setFiles(files) {
    this.#files = files
    if (files.length) this.#attached.set(this.#conversation, files)
    else this.#attached.delete(this.#conversation)
    this.chips.hidden = !this.#files.length
    this.chips.replaceChildren(...this.#files.map(file => el("li", { class: "file" }, icon("attach"), el("bdi", {}, file.name),
      el("button", { type: "button", class: "link", "aria-label": `Remove ${file.name}`, onclick: () => this.#setFiles(this.#files.filter(one => one !== file)) }, icon("close")))))
  }

  // Half-written words stay when another conversation is opened or the page is loaded again.
  #keep() {
    if (!this.#conversation) return
    if (this.box.value.trim()) this.#texts[this.#conversation] = { text: this.box.value, mode: this.#mode }
    else delete this.#texts[this.#conversation]
    try { sessionStorage.setItem(this.key, JSON.stringify(this.#texts)) } catch { /* Blocked or full: the words stay while the page is open. */ }
  }
}

function read(key) {
  try { return JSON.parse(sessionStorage.getItem(key) ?? "{}") } catch { return {} }
}
