// Frontdesk's widget: chat and voice for visitors, in one file and without dependencies.
//   <script src="https://DESK/widget.js" data-workspace="default" async></script>
// or the element by hand: <frontdesk-widget workspace="default" mode="page"></frontdesk-widget>
// Modes: "float" (a button in the corner), "page" (fills its place), "bar" (only the microphone, for the
// console, which listens to the events frontdesk-heard, frontdesk-answer and frontdesk-note).
// Text becomes text nodes; links only to http, https, mailto and tel.
(() => {
  if (customElements.get("frontdesk-widget")) return
  const script = document.currentScript
  const HOME = new URL(script?.src || location.href).origin

  const CSS = `
:host { all: initial; --accent: #0f6b57; --on: #fff; --page: #fff; --sunk: #f3f2ee; --text: #1b211e; --soft: #56605b; --line: #dcd9d1; --warn: #b0281a;
  color-scheme: light dark; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; color: var(--text); }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { --page: #191d1b; --sunk: #262b28; --text: #eef1ee; --soft: #a9b3ae; --line: #3b423e; --warn: #ff9d8f; } }
:host([theme=dark]) { --page: #191d1b; --sunk: #262b28; --text: #eef1ee; --soft: #a9b3ae; --line: #3b423e; --warn: #ff9d8f; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; }
button { min-width: 44px; min-height: 44px; border: 0; border-radius: 12px; background: none; cursor: pointer; display: inline-flex; align-items: center; justify-content: center; gap: 6px; padding: 0 10px; }
button:hover { background: var(--sunk); }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.fill, .launch { background: var(--accent); color: var(--on); }
.fill:hover, .launch:hover { background: var(--accent); filter: brightness(1.12); }
.edge { border: 1px solid var(--line); font-size: 14px; }
.end { background: #b0281a; color: #fff; } .end:hover { background: #94200f; }
[aria-pressed=true] { background: var(--accent); color: var(--on); }
.launch { position: fixed; z-index: 2147483000; inset: auto 20px 20px auto; width: 60px; height: 60px; border-radius: 50%; box-shadow: 0 6px 24px rgb(0 0 0 / 28%); }
.launch svg { width: 28px; height: 28px; }
.panel { display: flex; flex-direction: column; background: var(--page); color: var(--text); min-height: 0; }
:host(:not([mode])) .panel { position: fixed; z-index: 2147483000; inset: auto 20px 92px auto; width: 384px; height: min(620px, calc(100dvh - 112px)); border: 1px solid var(--line); border-radius: 18px; overflow: hidden; box-shadow: 0 14px 50px rgb(0 0 0 / 30%); }
@media (max-width: 480px) { :host(:not([mode])) .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; } }
:host([mode=page]) { display: block; height: 100%; } :host([mode=page]) .panel { height: 100%; }
:host([mode=page]) .panel > * { width: 100%; max-width: 46rem; margin-inline: auto; }
:host([mode=bar]) { display: block; } :host([mode=bar]) .panel { background: none; }
header { display: flex; align-items: center; gap: 8px; padding: 8px 8px 8px 18px; border-bottom: 1px solid var(--line); }
h2 { margin: 0; flex: 1; font-size: 17px; font-weight: 650; overflow-wrap: anywhere; }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px; display: flex; flex-direction: column; gap: 12px; }
.log:focus-visible { outline-offset: -3px; }
.said { max-width: 88%; padding: 9px 13px; border-radius: 16px; background: var(--sunk); overflow-wrap: anywhere; align-self: flex-start; }
.said.me { align-self: flex-end; background: var(--accent); color: var(--on); }
.said.live { opacity: .75; }
.said.related { background: none; border: 1px dashed currentColor; }
.said p { margin: 0; white-space: pre-wrap; } .said p + p { margin-top: 8px; }
.said a { color: inherit; }
.said.bad { color: var(--warn); } .said.note { background: none; color: var(--soft); font-size: 14px; padding: 0 4px; }
.cite { min-width: 24px; min-height: 24px; padding: 0 6px; margin: 0 2px; border-radius: 12px; font-size: 12px; font-weight: 700; background: var(--page); color: var(--text); border: 1px solid var(--line); vertical-align: 1px; }
blockquote { margin: 8px 0 0; padding: 6px 10px; border-left: 3px solid var(--accent); background: var(--page); font-size: 14px; white-space: pre-wrap; }
blockquote b { display: block; font-size: 13px; color: var(--soft); }
.call { border-top: 1px solid var(--line); padding: 10px 12px; display: grid; gap: 8px; background: var(--sunk); }
:host([mode=bar]) .call { border: 1px solid var(--line); border-radius: 14px; margin-bottom: 8px; }
.row { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
.phase { flex: 1; font-weight: 600; font-size: 15px; display: flex; align-items: center; gap: 8px; min-height: 28px; }
.dot { width: 10px; height: 10px; border-radius: 50%; background: var(--soft); }
[data-phase=listening] .dot, [data-phase=hearing] .dot { background: #1f9d55; }
[data-phase=thinking] .dot { background: #d18a00; animation: beat 1s infinite; } [data-phase=speaking] .dot { background: var(--accent); animation: beat 1s infinite; }
@keyframes beat { 50% { opacity: .3; } }
.meter { width: 92px; height: 8px; border-radius: 4px; background: var(--line); overflow: hidden; }
.meter i { display: block; height: 100%; width: 100%; transform: scaleX(0); transform-origin: left; background: #1f9d55; }
.muted .meter i { background: var(--soft); }
.hold { flex: 1; touch-action: none; user-select: none; }
.partial { margin: 0; font-size: 14px; color: var(--soft); min-height: 21px; overflow-wrap: anywhere; }
.ask { margin: 0; font-size: 15px; }
form { display: flex; align-items: flex-end; gap: 4px; padding: 10px; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 130px; resize: none; field-sizing: content; padding: 9px 12px; border: 1px solid var(--soft); border-radius: 12px; background: var(--page); }
.tiny { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } .meter { display: none; } }
`
  const ICONS = {
    chat: "M20 4H4a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h3v4l5-4h8a1 1 0 0 0 1-1V5a1 1 0 0 0-1-1z",
    mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21",
    muted: "M9 9v2a3 3 0 0 0 5 2.200M15 10V6a3 3 0 0 0-5.800-1M5.500 11a6.500 6.500 0 0 0 11 4.700M12 17.500V21M4 4l16 16",
    phone: "M5 4h4l1.500 5-2 1.500a12 12 0 0 0 5 5l1.500-2 5 1.500v4a1 1 0 0 1-1 1A16 16 0 0 1 4 5a1 1 0 0 1 1-1z",
    end: "M3 14c5-5 13-5 18 0l-2 3-4-1.500v-2.500a11 11 0 0 0-6 0v2.500L5 17z",
    stop: "M7 7h10v10H7z", send: "M12 20V5M5.500 11.500L12 5l6.500 6.500", close: "M6 6l12 12M18 6L6 18",
    note: "M4 10v4M8 6v12M12 9v6M16 4v16M20 10v4", hand: "M12 21a6 6 0 0 1-6-6V8a1.500 1.500 0 0 1 3 0v3V5a1.500 1.500 0 0 1 3 0v5-6a1.500 1.500 0 0 1 3 0v7-4a1.500 1.500 0 0 1 3 0v8a6 6 0 0 1-6 6z",
  }
  const PHASES = { dialing: "Connecting", listening: "Listening. Go ahead", hearing: "I hear you", thinking: "One moment", speaking: "Speaking" }
  const LOST = "The connection to the front desk broke. Check the network, then try again."
  const NOTE_SECONDS = 120
  const NOTE_BYTES = 5 << 20

  // Nodes

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
      else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? "" : value)
    }
    node.append(...children)
    return node
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
    svg.setAttribute("viewBox", "0 0 24 24")
    svg.setAttribute("aria-hidden", "true")
    path.setAttribute("d", ICONS[name])
    svg.append(path)
    return svg
  }

  const button = (name, label, onclick, kind = "") => el("button", { type: "button", class: kind, "aria-label": label, title: label, onclick }, icon(name))

  const MARKS = /\*\*(.+?)\*\*|\[(\d{1,2})\]|(https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?])|(mailto:|tel:)?([\w.+-]+@[\w-]+(?:\.[\w-]+)+)|tel:(\+?[\d-]{5,})/g

  function link(href, text) {
    return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, text)
  }

  // Hosts that the business calls its own: what a document says must not send visitors elsewhere.
  let hosts = []

  function own(url) {
    const host = URL.canParse(url) ? new URL(url).hostname : ""
    return hosts.some(known => host === known || host.endsWith(`.${known}`))
  }

  function inline(text, cite) {
    const nodes = []
    let from = 0
    for (const mark of text.matchAll(MARKS)) {
      const [whole, bold, number, url, , mail, phone] = mark
      const node = bold ? el("b", {}, bold) : number ? cite(Number(number)) : url ? own(url) && link(url, url) : mail ? link(`mailto:${mail}`, mail) : link(`tel:${phone}`, phone)
      if (!node) continue
      nodes.push(text.slice(from, mark.index), node)
      from = mark.index + whole.length
    }
    return [...nodes, text.slice(from)]
  }

  // Server

  class Problem extends Error {
    constructor(message, status = 0, code = "") { super(message); this.status = status; this.code = code }
  }

  async function call(url, options = {}) {
    let response
    try {
      response = await fetch(url, { ...options, credentials: "omit", mode: "cors" })
    } catch (error) {
      throw error.name === "AbortError" ? error : new Problem(LOST)
    }
    if (response.ok) return response
    const problem = await response.json().catch(() => ({}))
    throw new Problem(problem.detail || `The front desk could not do this (error ${response.status}). Try again.`, response.status, problem.code)
  }

  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ""
    for (;;) {
      const { value, done } = await reader.read().catch(() => { throw new Problem(LOST) })
      if (done) return
      rest += value
      let end
      while ((end = rest.indexOf("\n\n")) >= 0) {
        const lines = rest.slice(0, end).split("\n")
        rest = rest.slice(end + 2)
        const field = name => lines.filter(line => line.startsWith(name)).map(line => line.slice(name.length).trim()).join("\n")
        if (field("data:")) yield [field("event:"), JSON.parse(field("data:"))]
      }
    }
  }

  // Microphone

  const CONSTRAINTS = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } }

  async function microphone() {
    if (!window.isSecureContext) throw new Problem("The browser allows the microphone only on secure pages. Open this page with https:// (or on the machine itself, as http://localhost).")
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new Problem("This browser cannot use a microphone here. Use a current version of Chrome, Edge, Firefox or Safari.")
    try {
      return await navigator.mediaDevices.getUserMedia(CONSTRAINTS)
    } catch (error) {
      throw new Problem({
        NotAllowedError: "The microphone is blocked. Click the lock or camera symbol beside the address, allow the microphone, and try again.",
        NotFoundError: "No microphone was found. Connect one, then try again.",
        NotReadableError: "Another program is using the microphone. Close it, then try again.",
      }[error.name] || `The microphone could not be opened (${error.name}).`)
    }
  }

  // A call: microphone and loudspeaker on audio threads of their own, and a socket. `on` gets every message of the
  // server, and { type: "level" }, { type: "over", message }.
  class Call {
    #number = 0
    #answer = 0
    #over = false

    constructor(on) { this.on = on }

    async dial(socket, start, worklet, seen) {
      this.stream = await microphone()
      if (this.#over) return this.#release()
      try {
        this.context = new AudioContext({ latencyHint: "interactive" })
        await Promise.all([this.context.audioWorklet.addModule(worklet), this.context.resume()])
        this.#wire(seen)
      } catch {
        this.#release()
        throw new Problem("The sound of this browser could not be started. Reload the page and try again.")
      }
      if (this.#over) return this.#release()
      this.socket = new WebSocket(socket)
      this.socket.binaryType = "arraybuffer"
      this.socket.onopen = () => this.send(start)
      this.socket.onmessage = ({ data }) => this.#got(data)
      this.socket.onclose = () => this.#end(LOST)
    }

    send(message) {
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
    }

    silent(yes) { this.capture?.port.postMessage({ silent: yes }) }

    interrupt() {
      this.#speaker({ do: "clear", answer: this.#answer })
      this.send({ type: "interrupt" })
    }

    hangUp() {
      this.send({ type: "hangup" })
      this.#end()
    }

    #wire(seen) {
      const { context } = this
      this.source = context.createMediaStreamSource(this.stream)
      this.capture = new AudioWorkletNode(context, "frontdesk-capture", { numberOfOutputs: 0 })
      this.playback = new AudioWorkletNode(context, "frontdesk-playback", { numberOfInputs: 0, outputChannelCount: [1] })
      this.source.connect(this.capture)
      this.playback.connect(context.destination)
      this.capture.port.onmessage = ({ data }) => this.#heard(data)
      this.playback.port.onmessage = ({ data }) => this.#played(data)
      this.stream.getAudioTracks()[0].onended = () => this.#end("The microphone was disconnected.")
      context.onstatechange = () => { if (context.state === "suspended" && !this.#over) context.resume() }
      seen({ context, microphone: this.source, speaker: this.playback })
    }

    #heard({ frame, level }) {
      this.on({ type: "level", level })
      // What cannot be sent in time is stale: leave a gap in the numbers, which the server fills.
      const number = this.#number++
      if (this.socket?.readyState !== WebSocket.OPEN || this.socket.bufferedAmount > 64000 || !this.ready) return
      new DataView(frame).setUint32(0, number, true)
      this.socket.send(frame)
    }

    #played({ answer, ms, idle }) {
      if (idle) return this.on({ type: "quiet" })
      const late = Math.round((this.context.outputLatency || 0) * 1000)
      this.send({ type: "played", answer, ms: Math.max(0, ms - late) })
    }

    #speaker(message) { this.playback?.port.postMessage(message) }

    #got(data) {
      if (typeof data !== "string") {
        const head = new DataView(data)
        this.#answer = head.getUint32(0, true)
        return this.#speaker({ do: "pcm", answer: this.#answer, rate: head.getUint32(4, true), samples: new Int16Array(data, 8) })
      }
      const message = JSON.parse(data)
      if (message.type === "ready") this.ready = true
      else if (message.type === "audio_end") this.#speaker({ do: "end", answer: message.answer })
      else if (["pause", "resume", "clear"].includes(message.type)) this.#speaker({ do: message.type, answer: message.answer })
      this.on(message)
      if (message.type === "ended" || message.type === "busy" || (message.type === "error" && !this.ready)) this.#end(message.message)
    }

    #end(message = "") {
      if (this.#over) return
      this.#over = true
      this.#release()
      this.on({ type: "over", message })
    }

    #release() {
      this.stream?.getTracks().forEach(track => { track.onended = null; track.stop() })
      if (this.socket) {
        this.socket.onclose = this.socket.onmessage = null
        this.socket.close()
      }
      this.context?.close().catch(() => {})
    }
  }

  // Element

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

    connectedCallback() {
      if (this.shadowRoot) return
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet]
      this.bar = this.getAttribute("mode") === "bar"
      this.float = !this.hasAttribute("mode")
      // Pages of this server let people choose between light and dark.
      const chosen = document.documentElement.dataset.theme
      if (chosen && HOME === location.origin) this.setAttribute("theme", chosen)
      this.#build()
      this.addEventListener("keydown", event => this.#key(event))
      this.addEventListener("keyup", event => { if (event.key === " ") this.#talk(false) })
      window.addEventListener("pagehide", () => this.#call?.hangUp())
      if (this.hasAttribute("colour")) this.#paint(this.getAttribute("colour"))
      if (this.float) { if (this.hasAttribute("open")) this.open() } else if (!this.bar) this.#begin().catch(error => this.#fail(error))
    }

    disconnectedCallback() { this.#call?.hangUp() }

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
      this.phase = el("span", { class: "phase" }, el("i", { class: "dot" }), this.phaseText = el("span"))
      this.level = el("i")
      this.partial = el("p", { class: "partial", "aria-hidden": "true" })
      this.muteButton = button("mic", "Mute the microphone", () => this.#mute(!this.#muted), "edge")
      this.stopButton = button("stop", "Stop the answer", () => this.#call?.interrupt(), "edge")
      this.holdMode = button("hand", "Hold a button to talk", () => this.#holdToTalk(), "edge")
      this.holdButton = el("button", { type: "button", class: "fill hold" }, "Hold to talk (or the space key)")
      this.holdButton.addEventListener("pointerdown", event => { this.holdButton.setPointerCapture(event.pointerId); this.#talk(true) })
      for (const up of ["pointerup", "pointercancel", "blur"]) this.holdButton.addEventListener(up, () => this.#talk(false))
      this.consent = el("div", { class: "row", hidden: true, role: "group", "aria-label": "Recording" })
      this.callBox = el("section", { class: "call", hidden: true, "aria-label": "Call" },
        this.consent,
        el("div", { class: "row" }, this.phase, el("span", { class: "meter", "aria-hidden": "true" }, this.level)),
        this.partial,
        el("div", { class: "row" }, this.holdButton, this.muteButton, this.stopButton, this.holdMode,
          this.endButton = button("end", "Hang up", () => this.#call?.hangUp(), "end")))
      this.noteText = el("span", { class: "phase" })
      this.file = el("input", { type: "file", class: "tiny", accept: "audio/*,.m4a,.ogg,.opus,.webm", tabindex: "-1", "aria-label": "Recording", onchange: () => this.#upload() })
      this.noteBox = el("section", { class: "call", hidden: true, "aria-label": "Voice note" }, el("div", { class: "row" }, this.noteText,
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
      this.heading = el("h2", { id: "t" }, this.getAttribute("title-text") || "")
      this.log = el("div", { class: "log", role: "log", tabindex: "0", "aria-label": "Conversation" })
      this.box = el("textarea", { rows: "1", maxlength: "4000", placeholder: "Write a message", "aria-label": "Your message", onkeydown: event => this.#enter(event) })
      this.sendButton = el("button", { type: "submit", "aria-label": "Send", title: "Send" }, icon("send"))
      const form = el("form", { onsubmit: event => { event.preventDefault(); this.#submit() } }, this.box, this.sendButton, this.noteButton, this.talkButton)
      const head = el("header", {}, this.heading)
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

    get #place() { return `frontdesk:${HOME}:${this.getAttribute("workspace") || ""}` }

    #begin(again = false) {
      if (again) this.#visiting = undefined
      return this.#visiting ??= this.#open().catch(error => { this.#visiting = undefined; throw error })
    }

    async #open() {
      let token
      try { token = sessionStorage.getItem(this.#place) || undefined } catch { /* no storage: a new visit */ }
      const body = { workspace: this.getAttribute("workspace") || undefined, assistant: this.getAttribute("assistant") || undefined, token }
      const visit = await (await this.#api("", body)).json()
      this.#visit = visit
      hosts = [new URL(HOME).hostname, ...visit.links || []]
      try { sessionStorage.setItem(this.#place, visit.token) } catch { /* the visit ends with the page */ }
      this.heading.textContent = this.getAttribute("title-text") || visit.title
      if (!this.hasAttribute("colour")) this.#paint(visit.colour)
      this.talkButton.disabled = !visit.voice.enabled
      this.noteButton.hidden = !visit.voice.notes
      if (visit.voice.reason) this.talkButton.title = visit.voice.reason
      this.log.replaceChildren()
      if (visit.greeting) this.#say(visit.greeting)
      if (visit.resumed) {
        const { messages } = await (await this.#api("/messages")).json()
        for (const message of messages) this.#say(message.text, message.role === "user" ? "me" : "")
      }
    }

    #api(path, json, options = {}) {
      const headers = { accept: "application/json", ...options.headers }
      if (this.#visit) headers.authorization = `Bearer ${this.#visit.token}`
      if (json) headers["content-type"] = "application/json"
      return call(`${HOME}/api/visit${path}`, { ...options, headers, method: json || options.body ? "POST" : "GET", body: json ? JSON.stringify(json) : options.body })
    }

    // A visit that ended meanwhile begins anew, once.
    async #visited(action) {
      await this.#begin()
      try {
        return await action()
      } catch (error) {
        if (error.code !== "visit_over") throw error
        this.#visit = undefined
        try { sessionStorage.removeItem(this.#place) } catch { /* nothing to forget */ }
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

    #bubble(text, kind, citations = []) {
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
        const quote = el("blockquote", { hidden: true }, el("b", {}, where), citation.quote)
        return el("button", { type: "button", class: "cite", "aria-expanded": "false", "aria-label": `Source ${number}: ${where}`, onclick: event => {
          node.append(quote)
          quote.hidden = !quote.hidden
          event.currentTarget.setAttribute("aria-expanded", String(!quote.hidden))
        } }, String(number))
      }
      node.replaceChildren(...text.trim().split(/\n\s*\n/).map(part => el("p", {}, ...inline(part, cite))))
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
        await call.dial(`${HOME.replace(/^http/, "ws")}/api/visit/voice`, start, HOME + (this.#visit?.audio || "/widget-audio.js"), detail => this.#emit("audio", detail))
        if (this.hold) call.silent(true)
      } catch (error) {
        this.#over()
        this.#fail(error)
      }
    }

    #on(message) {
      const { type } = message
      if (type === "level") this.level.style.transform = `scaleX(${Math.min(1, Math.sqrt(message.level) * 1.6)})`
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
        if (!this.bar) this.#say("Write to us here and we answer at once. Or leave your telephone number in a message, and we call you back.")
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
      this.consent.replaceChildren(el("p", { class: "ask" }, question),
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
      this.level.style.transform = ""
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

  customElements.define("frontdesk-widget", FrontdeskWidget)

  // Embedded by a script tag: the element follows by itself.
  if (script?.dataset.workspace !== undefined) {
    const embed = () => {
      const attributes = ["workspace", "assistant", "colour", "theme", "label"].filter(name => script.dataset[name])
      document.body.append(el("frontdesk-widget", Object.fromEntries(attributes.map(name => [name, script.dataset[name]]))))
    }
    if (document.body) embed()
    else document.addEventListener("DOMContentLoaded", embed)
  }
})()
