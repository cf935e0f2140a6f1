// Talking: the boxes of a call and of a voice note. Fetched when somebody wants to talk.

const NOTE_SECONDS = 120
const NOTE_BYTES = 5 << 20

class Talk {
  #call
  #recording
  #muted = false
  #held = false
  #busy = false

  constructor(desk) {
    this.desk = desk
    this.#build()
    desk.element.addEventListener("keyup", event => { if (event.key === " ") this.#hold(false) })
  }

  #build() {
    const phase = el("span", { class: "phase" }, el("i", { class: "dot" }), this.phaseText = el("bdi"))
    this.level = el("i")
    this.partial = el("p", { class: "partial", dir: "auto", "aria-hidden": "true" })
    this.muteButton = button("mic", t("mute"), () => this.#mute(!this.#muted), "edge")
    this.stopButton = button("stop", t("stop"), () => this.#call?.interrupt(), "edge")
    this.holdMode = button("hand", t("hold_mode"), () => this.#holdToTalk(), "edge")
    this.holdButton = el("button", { type: "button", class: "fill hold" }, el("bdi", {}, t("hold")))
    this.holdButton.addEventListener("pointerdown", event => { this.holdButton.setPointerCapture(event.pointerId); this.#hold(true) })
    for (const up of ["pointerup", "pointercancel", "blur"]) this.holdButton.addEventListener(up, () => this.#hold(false))
    this.consent = el("div", { class: "row", hidden: true, role: "group", "aria-label": t("recording") })
    this.callBox = el("section", { class: "call", hidden: true, "aria-label": t("call") },
      this.consent,
      el("div", { class: "row" }, phase, el("span", { class: "meter", "aria-hidden": "true" }, this.level)),
      this.partial,
      el("div", { class: "row" }, this.holdButton, this.muteButton, this.stopButton, this.holdMode,
        this.endButton = button("end", t("hang_up"), () => this.#call?.hangUp(), "end")))
    this.noteText = el("bdi")
    this.file = el("input", { type: "file", class: "tiny", accept: "audio/*,.m4a,.ogg,.opus,.webm", tabindex: "-1", "aria-label": t("recording"), onchange: () => this.#upload() })
    this.noteBox = el("section", { class: "call", hidden: true, "aria-label": t("note") }, el("div", { class: "row" }, el("span", { class: "phase" }, this.noteText),
      this.noteSend = button("send", t("send_note"), () => this.#recording?.stop(), "fill"),
      worded(t("upload"), () => this.file.click()), worded(t("cancel"), () => this.#drop()), this.file))
    this.desk.slot.replaceChildren(this.callBox, this.noteBox)
  }

  // What is written during a call is said in it.
  say(text) {
    if (!this.#call?.ready) return false
    this.#call.send({ type: "text", text })
    return true
  }

  over() {
    this.#call?.hangUp()
    this.#drop()
  }

  // Call

  async dial() {
    if (this.#call) return
    const { desk } = this
    this.#drop()
    const call = this.#call = new Call(message => { if (this.#call === call) this.#on(message) })
    desk.call = true
    this.callBox.hidden = false
    this.#muted = false
    this.hold = desk.element.hasAttribute("push-to-talk")
    this.#phase("dialing")
    this.#controls()
    this.endButton.focus()
    try {
      const start = { type: "start", assistant: desk.attribute("assistant") }
      if (desk.bar) start.conversation = this.conversation
      else {
        await desk.begin()
        start.token = desk.visit.token
        this.hold ||= desk.visit.voice.push_to_talk
        this.#controls()
      }
      await call.dial(`${HOME.replace(/^http/, "ws")}/api/v1/visit/voice`, start, HOME + PARTS.audio, detail => desk.emit("audio", detail))
      if (this.hold) call.silent(true)
    } catch (error) {
      this.#done()
      desk.fail(error)
    }
  }

  #on(message) {
    const { desk } = this
    const { type } = message
    if (type === "level") this.level.style.width = `${Math.min(100, Math.sqrt(message.level) * 160)}%`
    else if (type === "ready") {
      this.#phase("listening")
      if (this.hold) this.#call.send({ type: "talk", on: false })
      if (message.asks_consent) this.#askConsent(message.consent)
      this.conversation = message.conversation
      desk.emit("ready", message)
    } else if (type === "phase") this.#phase(message.phase)
    else if (type === "partial") this.#part(message.text)
    else if (type === "heard") { this.#part(""); this.#turn("heard", message, "user") }
    else if (type === "answer") this.#turn("answer", message, "assistant")
    else if (type === "notice" || (type === "error" && this.#call.ready)) { if (!desk.bar) desk.say(message.message, "system") }
    else if (type === "busy") this.#busy = true
    else if (type === "over") this.#end(message.message)
  }

  #end(message) {
    const { desk } = this
    this.#done()
    if (this.#busy) {
      this.#busy = false
      desk.fail(new Problem(message))
      if (!desk.bar) desk.say(t("busy"), "system")
    } else if (message) {
      if (!desk.bar) desk.say(message, "system")
      desk.tell(message)
      desk.emit("ended", { message })
    }
    ;(desk.box || desk.talkButton).focus()
  }

  // What the server keeps comes by the visit's events as well.
  #turn(name, message, role) {
    const { desk } = this
    desk.emit(name, message)
    if (message.text && !desk.bar && !desk.live.online) desk.say(message.text, role, message.citations)
  }

  #part(text) {
    this.partial.textContent = text
    this.desk.emit("partial", { text })
  }

  #phase(phase) {
    this.callBox.dataset.phase = phase
    const muted = this.#muted && phase === "listening"
    this.phaseText.textContent = muted ? t("muted") : t(`phase_${phase}`)
    if (phase !== "hearing") this.desk.tell(this.phaseText.textContent)
    this.stopButton.disabled = phase !== "speaking" && phase !== "thinking"
    this.desk.emit("phase", { phase })
  }

  #controls() {
    this.holdButton.hidden = !this.hold
    this.holdMode.hidden = this.muteButton.hidden = Boolean(this.hold)
    this.desk.talkButton.hidden = true
    if (this.desk.bar) this.desk.noteButton.hidden = true
  }

  #mute(yes) {
    this.#muted = yes
    this.#call?.silent(yes)
    this.callBox.classList.toggle("muted", yes)
    this.muteButton.replaceChildren(icon(yes ? "muted" : "mic"))
    const label = t(yes ? "unmute" : "mute")
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

  #hold(on) {
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
    const question = text || t("may_record")
    this.consent.replaceChildren(el("p", { class: "ask", dir: "auto" }, question),
      worded(t("record_yes"), () => reply(true), "fill"), worded(t("no"), () => reply(false)))
    this.consent.hidden = false
    this.desk.tell(question)
  }

  #done() {
    const { desk } = this
    this.#call = undefined
    desk.call = false
    this.#held = false
    this.callBox.hidden = this.consent.hidden = true
    this.callBox.classList.remove("muted")
    desk.talkButton.hidden = false
    if (desk.bar) desk.noteButton.hidden = false
    this.partial.textContent = ""
    this.level.style.width = ""
  }

  // Voice notes

  async note() {
    if (this.#recording || this.#call) return
    this.noteBox.hidden = false
    this.noteSend.disabled = true
    this.noteText.textContent = t("waiting_microphone")
    this.noteSend.focus()
    try {
      const stream = await microphone()
      if (this.noteBox.hidden) return stream.getTracks().forEach(track => track.stop())
      this.#record(stream)
    } catch (error) {
      this.noteText.textContent = error.message
      this.desk.tell(error.message)
    }
  }

  #record(stream) {
    const kind = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"].find(type => MediaRecorder.isTypeSupported(type))
    const recorder = this.#recording = new MediaRecorder(stream, kind ? { mimeType: kind } : {})
    const parts = []
    const began = Date.now()
    const show = () => {
      const seconds = Math.floor((Date.now() - began) / 1000)
      this.noteText.textContent = t("recording_for", { time: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` })
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
    this.desk.tell(t("recording_now"))
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
    const { desk } = this
    if (blob.size > NOTE_BYTES) return desk.fail(new Problem(t("note_too_large")))
    if (desk.bar) return desk.emit("note", { blob })
    const headers = { "content-type": blob.type || "application/octet-stream" }
    desk.answer(signal => desk.api("/voice-note", undefined, { body: blob, signal, headers })).catch(error => desk.fail(error))
  }

  // Whether the key was for talking.
  key(event) {
    const typing = event.composedPath()[0]?.tagName === "TEXTAREA"
    if (event.key === " " && this.hold && this.#call && !typing) {
      event.preventDefault()
      if (!event.repeat) this.#hold(true)
    } else if (event.key === "Escape" && this.#call?.ready && this.callBox.dataset.phase === "speaking") {
      this.#call.interrupt()
    } else if (event.key === "Escape" && !this.noteBox.hidden) {
      this.#drop()
    } else return false
    event.stopPropagation()
    return true
  }
}
