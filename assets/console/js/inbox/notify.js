// Telling staff who look elsewhere: browser notifications, a short tone, and the number in the title. Nothing is asked for
// before somebody presses the button, and both can be switched off.
const SOUND = "fd-sound"
const NOTICES = "fd-notices"
const APART_MS = 1500

export class Notify {
  #audio
  #last = 0
  #title = document.title

  constructor(opened) {
    this.opened = opened
    // Browsers let a page sound only after somebody has touched it.
    const wake = () => { if (this.sound) this.#context() }
    for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, wake, { once: true })
  }

  get sound() { return localStorage.getItem(SOUND) !== "off" }

  set sound(on) {
    localStorage.setItem(SOUND, on ? "on" : "off")
    if (on) this.tone()
  }

  // `none` where the browser has none (pages without HTTPS), `off`, `on`, `refused`.
  get notices() {
    if (!("Notification" in window) || !window.isSecureContext) return "none"
    if (Notification.permission === "denied") return "refused"
    return Notification.permission === "granted" && localStorage.getItem(NOTICES) === "on" ? "on" : "off"
  }

  async switchNotices(on) {
    if (on && Notification.permission !== "granted") await Notification.requestPermission()
    localStorage.setItem(NOTICES, on && Notification.permission === "granted" ? "on" : "off")
  }

  // `signal` takes the notification away again.
  tell(notice, signal) {
    const now = Date.now()
    if (now - this.#last > APART_MS && this.sound) this.tone()
    this.#last = now
    if (this.notices !== "on" || (!document.hidden && document.hasFocus())) return
    const shown = new Notification(notice.title, { body: notice.text, tag: notice.conversation ?? notice.task ?? notice.kind })
    signal?.addEventListener("abort", () => shown.close())
    shown.addEventListener("click", () => {
      window.focus()
      shown.close()
      this.opened(notice)
    })
  }

  // Two soft notes, a fifth apart.
  tone() {
    const context = this.#context()
    if (context?.state !== "running") return
    for (const [frequency, after] of [[660, 0], [990, 0.12]]) {
      const start = context.currentTime + after
      const volume = new GainNode(context, { gain: 0 })
      const note = new OscillatorNode(context, { type: "sine", frequency })
      volume.gain.linearRampToValueAtTime(0.12, start + 0.02)
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.32)
      note.connect(volume).connect(context.destination)
      note.start(start)
      note.stop(start + 0.34)
    }
  }

  // The number that waits, before the page's name.
  setTitle(count, name = this.#title) {
    this.#title = name
    document.title = count ? `(${count}) ${name}` : name
  }

  #context() {
    this.#audio ??= "AudioContext" in window ? new AudioContext() : undefined
    if (this.#audio?.state === "suspended") this.#audio.resume().catch(() => {})
    return this.#audio
  }
}
