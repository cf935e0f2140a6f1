// A spoken conversation: microphone, loudspeaker and the socket.

const CONSTRAINTS = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } }

async function microphone() {
  if (!window.isSecureContext) throw new Problem(t("insecure"))
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new Problem(t("no_microphone_here"))
  try {
    return await navigator.mediaDevices.getUserMedia(CONSTRAINTS)
  } catch (error) {
    const known = { NotAllowedError: "microphone_blocked", NotFoundError: "no_microphone", NotReadableError: "microphone_busy" }[error.name]
    throw new Problem(t(known || "microphone_failed", { error: error.name }))
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
      throw new Problem(t("no_sound"))
    }
    if (this.#over) return this.#release()
    this.socket = new WebSocket(socket)
    this.socket.binaryType = "arraybuffer"
    this.socket.onopen = () => this.send(start)
    this.socket.onmessage = ({ data }) => this.#got(data)
    this.socket.onclose = () => this.#end(t("lost"))
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
    this.stream.getAudioTracks()[0].onended = () => this.#end(t("microphone_gone"))
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
