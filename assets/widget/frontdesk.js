// Frontdesk's widget: chat and voice for visitors, in one file and without dependencies.
//   <script src="https://DESK/widget.js" data-site="KEY" async></script>
// or the element by hand: <frontdesk-widget site="KEY" mode="page"></frontdesk-widget>, with data-embed="no" in the line.
// The console's page "Widget" has the line with its key.
// Modes: "float" (a button in the corner), "page" (fills its place), "bar" (only the microphone, for the
// console, which listens to the events frontdesk-heard, frontdesk-answer and frontdesk-note).
// The server joins look.js, server.js, call.js, this file and line.js within one function.

const PHASES = { dialing: "Connecting", listening: "Listening. Go ahead", hearing: "I hear you", thinking: "One moment", speaking: "Speaking" }
const NOTE_SECONDS = 120
const NOTE_BYTES = 5 << 20

const sheet = new CSSStyleSheet()
sheet.replaceSync(CSS)

class FrontdeskWidget extends HTMLElement {
  #visit
  #visiting
  #call
  #running
  #recording
  #live
  #muted = false
  #held = false
  #focused

  static again = take

  connectedCallback() {
    if (this.hasAttribute("data-embedded")) {
      // A copy restored from a page cache.
      if (this !== host) return this.remove()
    } else {
      byHand.add(this)
      settle()
    }
    if (this.shadowRoot) return this.#back()
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet]
    this.bar = this.getAttribute("mode") === "bar"
    this.float = !this.hasAttribute("mode")
    // Pages on this server let people choose between light and dark.
    const chosen = document.documentElement.dataset.theme
    if (chosen && HOME === location.origin) this.setAttribute("theme", chosen)
    this.#build()
    this.addEventListener("keydown", event => this.#key(event))
    this.addEventListener("keyup", event => { if (event.key === " ") this.#talk(false) })
    this.shadowRoot.addEventListener("focusin", event => { this.#focused = event.target })
    this.shadowRoot.addEventListener("focusout", () => setTimeout(() => { this.#focused = this.shadowRoot.activeElement }))
    window.addEventListener("pagehide", () => this.#call?.hangUp())
    // The conversation may have continued on another page of the tab.
    window.addEventListener("pageshow", event => {
      if (event.persisted && this.isConnected && this.#visit && !this.#running) this.#begin(true).catch(error => this.#fail(error))
    })
    if (this.hasAttribute("colour")) this.#paint(this.getAttribute("colour"))
    if (this.float) { if (this.hasAttribute("open")) this.open() } else if (!this.bar) this.#begin().catch(error => this.#fail(error))
  }

  disconnectedCallback() {
    byHand.delete(this)
    // Wait, in case the page is removing its nodes one by one.
    queueMicrotask(settle)
    setTimeout(() => {
      if (this.isConnected || !this.shadowRoot) return
      this.#call?.hangUp()
      this.#drop()
    }, 1000)
  }

  // Back in its place after the page was swapped.
  #back() {
    this.#down()
    if (this.#focused && document.activeElement === document.body) this.#focused.focus()
  }

  // Opens the panel.
  open() {
    this.panel.hidden = false
    this.launch?.setAttribute("aria-expanded", "true")
    this.#begin().catch(error => this.#fail(error))
    this.box?.focus()
  }

  close() {
    this.#call?.hangUp()
    this.#drop()
    this.panel.hidden = true
    this.launch?.setAttribute("aria-expanded", "false")
    this.launch?.focus()
  }

  // Build

  #build() {
    this.phase = el("span", { class: "phase" }, el("i", { class: "dot" }), this.phaseText = el("bdi"))
    this.level = el("i")
    this.partial = el("p", { class: "partial", dir: "auto", "aria-hidden": "true" })
    this.muteButton = button("mic", "Mute the microphone", () => this.#mute(!this.#muted), "edge")
    this.stopButton = button("stop", "Stop the answer", () => this.#call?.interrupt(), "edge")
    this.holdMode = button("hand", "Hold a button to talk", () => this.#holdToTalk(), "edge")
    this.holdButton = el("button", { type: "button", class: "fill hold" }, el("bdi", {}, "Hold to talk (or the space bar)"))
    this.holdButton.addEventListener("pointerdown", event => { this.holdButton.setPointerCapture(event.pointerId); this.#talk(true) })
    for (const up of ["pointerup", "pointercancel", "blur"]) this.holdButton.addEventListener(up, () => this.#talk(false))
    this.consent = el("div", { class: "row", hidden: true, role: "group", "aria-label": "Recording" })
    this.callBox = el("section", { class: "call", hidden: true, "aria-label": "Call" },
      this.consent,
      el("div", { class: "row" }, this.phase, el("span", { class: "meter", "aria-hidden": "true" }, this.level)),
      this.partial,
      el("div", { class: "row" }, this.holdButton, this.muteButton, this.stopButton, this.holdMode,
        this.endButton = button("end", "Hang up", () => this.#call?.hangUp(), "end")))
    this.noteText = el("bdi")
    this.file = el("input", { type: "file", class: "tiny", accept: "audio/*,.m4a,.ogg,.opus,.webm", tabindex: "-1", "aria-label": "Recording", onchange: () => this.#upload() })
    this.noteBox = el("section", { class: "call", hidden: true, "aria-label": "Voice note" }, el("div", { class: "row" }, el("span", { class: "phase" }, this.noteText),
      this.noteSend = button("send", "Send the voice note", () => this.#recording?.stop(), "fill"),
      el("button", { type: "button", class: "edge", onclick: () => this.file.click() }, "Upload a file"),
      el("button", { type: "button", class: "edge", onclick: () => this.#drop() }, "Cancel"), this.file))
    this.noteButton = button("note", "Record a voice note", () => this.#note())
    this.talkButton = button("phone", "Talk to us", () => this.#dial(), this.bar ? "edge" : "fill")
    this.news = el("p", { class: "tiny", role: "status", "aria-live": "polite" })
    if (this.bar) {
      this.panel = el("div", { class: "panel" }, this.callBox, this.noteBox, el("div", { class: "row" }, this.talkButton, this.noteButton), this.log = el("div"), this.news)
      this.log.hidden = true
    } else {
      this.#buildChat()
    }
    this.shadowRoot.append(this.panel)
  }

  #buildChat() {
    this.heading = el("bdi", {}, this.getAttribute("title-text") || "")
    this.log = el("div", { class: "log", role: "log", tabindex: "0", "aria-label": "Conversation" })
    this.box = el("textarea", { rows: "1", dir: "auto", maxlength: "4000", placeholder: "Write a message", "aria-label": "Your message", onkeydown: event => this.#enter(event) })
    this.sendButton = el("button", { type: "submit", "aria-label": "Send", title: "Send" }, icon("send"))
    const form = el("form", { onsubmit: event => { event.preventDefault(); this.#submit() } }, this.box, this.sendButton, this.noteButton, this.talkButton)
    const head = el("header", {}, el("h2", { id: "t" }, this.heading))
    this.panel = el("section", { class: "panel", role: this.float ? "dialog" : "region", "aria-labelledby": "t", hidden: this.float }, head, this.log, this.callBox, this.noteBox, form, this.news)
    if (!this.float) return
    head.append(button("close", "Close", () => this.close()))
    this.launch = button("chat", this.getAttribute("label") || "Chat with us", () => this.panel.hidden ? this.open() : this.close(), "launch")
    this.launch.setAttribute("aria-expanded", "false")
    this.shadowRoot.append(this.launch)
  }

  #paint(colour) {
    if (!/^#[0-9a-f]{6}$/i.test(colour)) return
    const [r, g, b] = [1, 3, 5].map(i => (parseInt(colour.slice(i, i + 2), 16) / 255) ** 2.2)
    this.style.setProperty("--accent", colour)
    this.style.setProperty("--on", 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.36 ? "#000" : "#fff")
  }

  // Visit

  get #place() { return `frontdesk:${HOME}:${this.getAttribute("site") || this.getAttribute("workspace") || "default"}` }

  #begin(again = false) {
    if (again) this.#visiting = undefined
    return this.#visiting ??= this.#open().catch(error => { this.#visiting = undefined; throw error })
  }

  async #open() {
    const body = { site: this.getAttribute("site") || undefined, workspace: this.getAttribute("workspace") || undefined, assistant: this.getAttribute("assistant") || undefined, token: recall(this.#place) }
    const visit = await (await this.#api("", body)).json()
    this.#visit = visit
    hosts = [new URL(HOME).hostname, ...visit.links || []]
    keep(this.#place, visit.token)
    this.heading.textContent = this.getAttribute("title-text") || visit.title
    if (!this.hasAttribute("colour")) this.#paint(visit.colour)
    this.talkButton.disabled = !visit.voice.enabled
    this.noteButton.hidden = !visit.voice.notes
    if (visit.voice.reason) this.talkButton.title = visit.voice.reason
    const said = visit.greeting ? [this.#bubble(visit.greeting)] : []
    if (visit.resumed) {
      const { messages } = await (await this.#api("/messages")).json()
      said.push(...messages.map(({ text, role }) => this.#bubble(text, role === "user" ? "me" : "")))
    }
    // A message written meanwhile is about to be sent.
    const live = this.log.querySelector(".live")
    const sent = live?.previousElementSibling
    this.log.replaceChildren(...said, ...[sent?.matches(".me") && sent, live].filter(Boolean))
    this.#down()
  }

  #api(path, json, options = {}) {
    const headers = { accept: "application/json", ...options.headers }
    if (this.#visit) headers.authorization = `Bearer ${this.#visit.token}`
    if (json) headers["content-type"] = "application/json"
    return call(`${HOME}/api/v1/visit${path}`, { ...options, headers, method: json || options.body ? "POST" : "GET", body: json ? JSON.stringify(json) : options.body })
  }

  // If the visit has ended meanwhile, start a new one, but only once.
  async #visited(action) {
    await this.#begin()
    try {
      return await action()
    } catch (error) {
      if (error.code !== "visit_over") throw error
      this.#visit = undefined
      keep(this.#place)
      await this.#begin(true)
      return action()
    }
  }

  // Chat

  #enter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    this.#submit()
  }

  #submit() {
    const text = this.box.value.trim()
    if (!text || this.#running) return this.box.focus()
    this.box.value = ""
    if (this.#call?.ready) return this.#call.send({ type: "text", text })
    this.#say(text, "me")
    this.#answer(signal => this.#api("/messages", { text, client_id: crypto.randomUUID?.() || String(Math.random()), assistant: this.getAttribute("assistant") || undefined }, { signal }))
  }

  async #answer(ask) {
    const node = this.#say("…", "live")
    const running = this.#running = new AbortController()
    let text = ""
    try {
      for await (const [event, data] of events(await this.#visited(() => ask(running.signal)))) {
        if (event === "heard") node.before(this.#bubble(data.text, "me"))
        else if (event === "waiting") this.#draw(node, `Many people are asking right now. You are number ${data.ahead + 1} in line: about ${data.seconds} seconds.`, [])
        else if (event === "delta") this.#draw(node, text += data.text, [])
        else if (event === "done") { this.#draw(node, data.answer, data.citations); node.classList.remove("live"); node.classList.toggle("related", data.rung === "related"); text = ""; this.#tell(data.answer) }
        else if (event === "failed") throw new Problem(data.detail)
        this.#down()
      }
      if (node.classList.contains("live")) throw new Problem(LOST)
    } catch (error) {
      if (!text) node.remove()
      this.#fail(error)
    } finally {
      this.#running = undefined
    }
  }

  #say(text, kind = "", citations = []) {
    const node = this.#bubble(text, kind, citations)
    this.log.append(node)
    this.#down()
    return node
  }

  #bubble(text, kind = "", citations = []) {
    const node = el("div", { class: `said ${kind}` })
    this.#draw(node, text, citations)
    return node
  }

  #draw(node, text, citations) {
    const known = new Map(citations.map(citation => [citation.number, citation]))
    const cite = number => {
      const citation = known.get(number)
      if (!citation) return null
      const where = [citation.title, citation.page && `page ${citation.page}`].filter(Boolean).join(", ")
      const quote = el("blockquote", { hidden: true, dir: "auto" }, el("b", { dir: "auto" }, where), citation.quote)
      return el("button", { type: "button", class: "cite", "aria-expanded": "false", "aria-label": `Source ${number}: ${where}`, onclick: event => {
        node.append(quote)
        quote.hidden = !quote.hidden
        event.currentTarget.setAttribute("aria-expanded", String(!quote.hidden))
      } }, String(number))
    }
    node.replaceChildren(...text.trim().split(/\n\s*\n/).map(part => el("p", { dir: "auto" }, ...inline(part, cite))))
  }

  #down() { this.log.scrollTop = this.log.scrollHeight }

  #tell(text) { this.news.textContent = text.replace(/\[\d+\]/g, "") }

  #fail(error) {
    if (error.name === "AbortError") return
    this.#emit("problem", { message: error.message })
    this.#say(error.message, "bad")
    this.#tell(error.message)
  }

  #emit(name, detail) { this.dispatchEvent(new CustomEvent(`frontdesk-${name}`, { detail, bubbles: true })) }

  // Call

  async #dial() {
    if (this.#call) return
    this.#drop()
    const call = this.#call = new Call(message => { if (this.#call === call) this.#on(message) })
    this.callBox.hidden = false
    this.#muted = false
    this.hold = this.hasAttribute("push-to-talk")
    this.#phase("dialing")
    this.#controls()
    this.endButton.focus()
    try {
      const start = { type: "start", assistant: this.getAttribute("assistant") || undefined }
      if (this.bar) start.conversation = this.conversation || undefined
      else {
        await this.#begin()
        start.token = this.#visit.token
        this.hold ||= this.#visit.voice.push_to_talk
        this.#controls()
      }
      await call.dial(`${HOME.replace(/^http/, "ws")}/api/v1/visit/voice`, start, HOME + (this.#visit?.audio || "/widget-audio.js"), detail => this.#emit("audio", detail))
      if (this.hold) call.silent(true)
    } catch (error) {
      this.#over()
      this.#fail(error)
    }
  }

  #on(message) {
    const { type } = message
    if (type === "level") this.level.style.width = `${Math.min(100, Math.sqrt(message.level) * 160)}%`
    else if (type === "ready") {
      this.#phase("listening")
      if (this.hold) this.#call.send({ type: "talk", on: false })
      if (message.asks_consent) this.#askConsent(message.consent)
      this.conversation = message.conversation
      this.#emit("ready", message)
    } else if (type === "phase") this.#phase(message.phase)
    else if (type === "partial") this.#partial(message.text)
    else if (type === "heard") { this.#partial(""); this.#turn("heard", message, "me") }
    else if (type === "answer") this.#turn("answer", message, "")
    else if (type === "notice") this.#say(message.message, "note")
    else if (type === "error" && this.#call.ready) this.#say(message.message, "note")
    else if (type === "busy") this.#busy = true
    else if (type === "over") this.#end(message.message)
  }

  #busy = false

  #end(message) {
    this.#over()
    if (this.#busy) {
      this.#busy = false
      this.#fail(new Problem(message))
      if (!this.bar) this.#say("Write to us here and we will answer at once. Or leave your telephone number in a message, and we will call you back.")
    } else if (message) {
      this.#say(message, "note")
      this.#tell(message)
      this.#emit("ended", { message })
    }
    ;(this.box || this.talkButton).focus()
  }

  #turn(name, message, kind) {
    this.#emit(name, message)
    if (message.text && !this.bar) this.#say(message.text, kind, message.citations)
  }

  #partial(text) {
    this.partial.textContent = text
    this.#emit("partial", { text })
  }

  #phase(phase) {
    this.callBox.dataset.phase = phase
    const muted = this.#muted && phase === "listening"
    this.phaseText.textContent = muted ? "Your microphone is muted" : PHASES[phase] || ""
    if (phase !== "hearing") this.#tell(this.phaseText.textContent)
    this.stopButton.disabled = phase !== "speaking" && phase !== "thinking"
    this.#emit("phase", { phase })
  }

  #controls() {
    this.holdButton.hidden = !this.hold
    this.holdMode.hidden = this.hold
    this.muteButton.hidden = this.hold
    this.talkButton.hidden = true
    if (this.bar) this.noteButton.hidden = true
  }

  #mute(yes) {
    this.#muted = yes
    this.#call?.silent(yes)
    this.callBox.classList.toggle("muted", yes)
    this.muteButton.replaceChildren(icon(yes ? "muted" : "mic"))
    const label = yes ? "Unmute the microphone" : "Mute the microphone"
    this.muteButton.setAttribute("aria-label", label)
    this.muteButton.title = label
    this.muteButton.setAttribute("aria-pressed", String(yes))
    this.#phase(this.callBox.dataset.phase)
  }

  #holdToTalk() {
    this.hold = true
    this.#call?.silent(true)
    this.#call?.send({ type: "talk", on: false })
    this.#controls()
    this.holdButton.focus()
  }

  #talk(on) {
    if (!this.hold || !this.#call?.ready || this.#held === on) return
    this.#held = on
    this.holdButton.setAttribute("aria-pressed", String(on))
    // The last syllable is still on its way when the button goes up.
    if (on) this.#call.silent(false)
    const call = this.#call
    setTimeout(() => {
      if (!on && !this.#held) call.silent(true)
      call.send({ type: "talk", on })
    }, on ? 0 : 120)
  }

  #askConsent(text) {
    const reply = yes => {
      this.#call?.send({ type: "consent", yes })
      this.consent.hidden = true
      this.endButton.focus()
    }
    const question = text || "May we record this call?"
    this.consent.replaceChildren(el("p", { class: "ask", dir: "auto" }, question),
      el("button", { type: "button", class: "fill", onclick: () => reply(true) }, "Yes, record"),
      el("button", { type: "button", class: "edge", onclick: () => reply(false) }, "No"))
    this.consent.hidden = false
    this.#tell(question)
  }

  #over() {
    this.#call = undefined
    this.#held = false
    this.callBox.hidden = this.consent.hidden = true
    this.callBox.classList.remove("muted")
    this.talkButton.hidden = false
    if (this.bar) this.noteButton.hidden = false
    this.partial.textContent = ""
    this.level.style.width = ""
  }

  // Voice notes

  async #note() {
    if (this.#recording || this.#call || this.#running) return
    this.noteBox.hidden = false
    this.noteSend.disabled = true
    this.noteText.textContent = "Waiting for the microphone"
    this.noteSend.focus()
    try {
      const stream = await microphone()
      if (this.noteBox.hidden) return stream.getTracks().forEach(track => track.stop())
      this.#record(stream)
    } catch (error) {
      this.noteText.textContent = error.message
      this.#tell(error.message)
    }
  }

  #record(stream) {
    const kind = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"].find(type => MediaRecorder.isTypeSupported(type))
    const recorder = this.#recording = new MediaRecorder(stream, kind ? { mimeType: kind } : {})
    const parts = []
    const began = Date.now()
    const show = () => {
      const seconds = Math.floor((Date.now() - began) / 1000)
      this.noteText.textContent = `Recording ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
      if (seconds >= NOTE_SECONDS - 1 && recorder.state === "recording") recorder.stop()
    }
    const timer = setInterval(show, 250)
    show()
    this.noteSend.disabled = false
    recorder.ondataavailable = ({ data }) => parts.push(data)
    recorder.onstop = () => {
      clearInterval(timer)
      stream.getTracks().forEach(track => track.stop())
      const wanted = this.#recording === recorder
      this.#drop()
      if (wanted) this.#sendNote(new Blob(parts, { type: recorder.mimeType }))
    }
    recorder.start(1000)
    this.#tell("Recording. Press send when you are done.")
  }

  #upload() {
    const file = this.file.files[0]
    this.file.value = ""
    this.#drop()
    if (file) this.#sendNote(file)
  }

  #drop() {
    const recorder = this.#recording
    this.#recording = undefined
    if (recorder && recorder.state !== "inactive") recorder.stop()
    this.noteBox.hidden = true
  }

  #sendNote(blob) {
    if (blob.size > NOTE_BYTES) return this.#fail(new Problem("This recording is larger than 5 MB. Send a shorter one."))
    if (this.bar) return this.#emit("note", { blob })
    this.#answer(signal => this.#api("/voice-note", undefined, { body: blob, signal, headers: { "content-type": blob.type || "application/octet-stream" } }))
  }

  // Keys

  #key(event) {
    const typing = event.composedPath()[0]?.tagName === "TEXTAREA"
    if (event.key === " " && this.hold && this.#call && !typing) {
      event.preventDefault()
      if (!event.repeat) this.#talk(true)
    } else if (event.key === "Escape") {
      if (this.#call?.ready && this.callBox.dataset.phase === "speaking") this.#call.interrupt()
      else if (!this.noteBox.hidden) this.#drop()
      else if (this.float && !this.panel.hidden && !this.#call) this.close()
      else return
      event.stopPropagation()
    }
  }
}
