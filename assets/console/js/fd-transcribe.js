// <fd-transcribe>: one recording at a time from this computer to text with times.
import { upload } from "./lib/api.js"
import { copyText, download } from "./lib/copy.js"
import { el, stamp } from "./lib/dom.js"
import { acceptFiles } from "./lib/drop-zone.js"
import { bytes, clock, duration, plural, subRip } from "./lib/format.js"
import { announce, toast } from "./lib/toast.js"

const TICK_MS = 1000

class FdTranscribe extends HTMLElement {
  #waiting = []
  #busy = false

  connectedCallback() {
    this.maxBytes = Number(this.getAttribute("max-bytes")) || Infinity
    this.jobs = this.querySelector("[data-jobs]")
    acceptFiles(this, files => files.forEach(file => this.#add(file)))
  }

  #add(file) {
    const job = new Job(file)
    this.jobs.prepend(job.node)
    job.onretry = () => this.#enqueue(job)
    if (file.size > this.maxBytes) {
      job.failed(`This recording is ${bytes(file.size)}; the limit is ${bytes(this.maxBytes)}. Split it, or save it with a lower quality.`, false)
    } else {
      this.#enqueue(job)
    }
  }

  async #enqueue(job) {
    job.show("queued", `Waiting · ${bytes(job.file.size)}`, 0)
    this.#waiting.push(job)
    if (this.#busy) return
    this.#busy = true
    while (this.#waiting.length) await this.#waiting.shift().run()
    this.#busy = false
  }
}

// One recording: upload, recognition, transcript.
class Job {
  #stopped = false

  constructor(file) {
    this.file = file
    this.node = stamp("transcribe-job")
    this.part("name").textContent = file.name
    this.bar = this.node.querySelector("progress")
    this.bar.setAttribute("aria-label", `Progress of ${file.name}`)
    this.part("stop").addEventListener("click", () => this.#stop())
    this.part("retry").addEventListener("click", () => this.onretry())
  }

  async run() {
    if (this.#stopped) return
    const form = new FormData()
    form.append("model", "whisper-1")
    form.append("response_format", "verbose_json")
    form.append("file", this.file, this.file.name)
    const started = Date.now()
    let timer
    const listening = () => {
      timer ??= setInterval(() => this.show("working", `Listening · ${clock((Date.now() - started) / 1000)}`), TICK_MS)
    }
    this.show("uploading", "Uploading", 0)
    this.request = upload("/v1/audio/transcriptions", form, (sent, all) => {
      if (sent < all) return this.show("uploading", `Uploading · ${Math.floor(100 * sent / all)} %`, sent / all)
      this.show("working", "Listening")
      listening()
    })
    try {
      const transcript = await this.request.done
      this.#finished(transcript, Date.now() - started)
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error.message)
    } finally {
      clearInterval(timer)
    }
  }

  failed(reason, again = true) {
    this.show("failed", reason)
    this.part("retry").hidden = !again
    announce(`${this.file.name}: ${reason}`)
  }

  show(state, text, fraction) {
    this.node.dataset.state = state
    this.part("step").textContent = text
    this.part("retry").hidden = true
    this.part("stop").hidden = state === "ready"
    if (fraction === undefined) this.bar.removeAttribute("value")
    else this.bar.value = fraction
  }

  part(name) { return this.node.querySelector(`[data-part=${name}]`) }

  #stop() {
    this.#stopped = true
    this.request?.abort()
    this.node.remove()
  }

  #finished(transcript, took) {
    const segments = transcript.segments?.length ? transcript.segments
      : [{ start: 0, end: transcript.duration ?? 0, text: transcript.text }]
    const words = transcript.text.trim().split(/\s+/).filter(Boolean).length
    this.show("ready", [clock(transcript.duration ?? 0), plural(words, "word"), `heard in ${duration(took)}`].join(" · "))
    announce(`${this.file.name} is transcribed.`)
    const box = stamp("transcript")
    box.querySelector("[data-segments]").append(...(words ? segments.map(line) : [el("p", { class: "muted" }, "No speech was heard in this recording.")]))
    const name = this.file.name.replace(/\.[^.]+$/, "")
    const text = segments.map(segment => segment.text.trim()).join("\n")
    box.querySelector("[data-copy]").addEventListener("click", async () => {
      toast(await copyText(text) ? "The transcript was copied." : "Your browser does not allow copying here. Download it instead.")
    })
    box.querySelector("[data-txt]").addEventListener("click", () => download(`${name}.txt`, `${text}\n`, "text/plain"))
    box.querySelector("[data-srt]").addEventListener("click", () => download(`${name}.srt`, subRip(segments), "application/x-subrip"))
    this.node.append(box)
  }
}

function line(segment) {
  return el("p", { class: "segment" },
    el("span", { class: "segment__time" }, clock(segment.start)),
    el("span", {}, segment.text.trim()))
}

customElements.define("fd-transcribe", FdTranscribe)
