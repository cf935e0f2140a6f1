// <fd-upload>: drop or choose files; each shows its own way from this computer into the index.
import { request, upload } from "./lib/api.js"
import { describe, forget, onDocument, settledProgress } from "./lib/document-events.js"
import { icon, stamp } from "./lib/dom.js"
import { acceptFiles } from "./lib/drop-zone.js"
import { bytes } from "./lib/format.js"
import { announce } from "./lib/toast.js"

const AT_ONCE = 2
const READY_STAYS_MS = 5000

class FdUpload extends HTMLElement {
  #waiting = []
  #running = 0
  #rows = new Map()

  // Lifecycle

  connectedCallback() {
    this.maxBytes = Number(this.getAttribute("max-bytes")) || Infinity
    this.list = this.querySelector("[data-uploads]")
    acceptFiles(this, files => files.forEach(file => this.#add(file)))
    onDocument(progress => this.#rows.get(progress.document)?.indexing(progress.stage))
  }

  // Actions

  #add(file) {
    const row = new UploadRow(file, { retry: () => this.#enqueue(row), leave: () => this.#leave(row) })
    this.list.prepend(row.node)
    if (file.size > this.maxBytes) {
      row.failed(`This file is ${bytes(file.size)}; the limit is ${bytes(this.maxBytes)}. Split it into smaller documents.`, false)
    } else if (file.size === 0) {
      row.failed("This file is empty. Check it and choose it again.", false)
    } else {
      this.#enqueue(row)
    }
  }

  #enqueue(row) {
    row.queued()
    this.#waiting.push(row)
    this.#next()
  }

  #leave(row) {
    this.#waiting = this.#waiting.filter(other => other !== row)
    if (row.document) this.#rows.delete(row.document)
    row.node.remove()
  }

  // Internal

  async #next() {
    if (this.#running >= AT_ONCE || this.#waiting.length === 0) return
    const row = this.#waiting.shift()
    this.#running += 1
    try {
      await this.#send(row)
    } finally {
      this.#running -= 1
      this.#next()
    }
  }

  async #send(row) {
    if (row.document && row.indexFailed) return this.#readAgain(row)
    const form = new FormData()
    form.append("file", row.file, row.file.name)
    try {
      const answer = await row.uploading(upload("/api/v1/documents", form, (sent, all) => row.sent(sent / all)))
      const stored = answer.files[0]
      if (answer.files.length > 1) return this.#unpacked(row, answer.files)
      if (stored.error) return row.failed(stored.error.detail)
      row.stored(stored.document)
      this.#rows.set(row.document, row)
      this.dispatchEvent(new CustomEvent("fd:stored", { bubbles: true, detail: { document: row.document } }))
      const already = settledProgress(row.document)
      if (stored.unchanged) row.unchanged()
      else if (already) row.indexing(already.stage)
    } catch (error) {
      if (error.name !== "AbortError") row.failed(error.message)
    }
  }

  // An archive: each file in it is a document of its own, with a row in the list.
  #unpacked(row, files) {
    const refused = files.filter(file => file.error)
    this.dispatchEvent(new CustomEvent("fd:stored", { bubbles: true }))
    if (refused.length === 0) return row.unpacked(`${files.length} files taken out; each is a document of its own`)
    const reasons = refused.slice(0, 3).map(file => `${file.name}: ${file.error.detail}`).join(" · ")
    row.failed(`${files.length - refused.length} of ${files.length} files taken out. ${reasons}`, false)
  }

  async #readAgain(row) {
    forget(row.document)
    try {
      await request("POST", `/api/v1/documents/${encodeURIComponent(row.document)}/reindex`)
    } catch (error) {
      row.failed(error.message)
    }
  }
}

// One file: its markup and its states.
class UploadRow {
  constructor(file, { retry, leave }) {
    this.file = file
    this.leave = leave
    this.node = stamp("upload-row")
    this.part("name").textContent = file.name
    this.bar = this.node.querySelector("progress")
    this.bar.setAttribute("aria-label", `Progress of ${file.name}`)
    this.part("retry").addEventListener("click", retry)
    this.part("dismiss").addEventListener("click", () => {
      this.request?.abort()
      leave()
    })
    this.part("dismiss").setAttribute("aria-label", `Dismiss ${file.name}`)
    this.part("retry").setAttribute("aria-label", `Try ${file.name} again`)
  }

  queued() { this.#show("queued", `Waiting · ${bytes(this.file.size)}`, 0) }

  async uploading(request) {
    this.request = request
    this.#show("uploading", "Uploading", 0)
    try {
      return await request.done
    } finally {
      this.request = undefined
    }
  }

  sent(fraction) {
    const percent = Math.floor(fraction * 100)
    this.#show("uploading", fraction < 1 ? `Uploading · ${percent} %` : "Saving", fraction < 1 ? fraction : undefined)
  }

  stored(document) {
    this.document = document
    this.#show("indexing", "Saved. Reading it next")
    announce(`${this.file.name} is saved and will be read now.`)
  }

  unpacked(text) { this.#done(text) }

  unchanged() { this.#done("Already here: nothing has changed") }

  indexing(stage) {
    const { state, label, fraction } = describe(stage)
    if (state === "ready") return this.#done("Ready to answer from")
    if (state === "failed") {
      this.indexFailed = true
      return this.failed(stage.reason)
    }
    this.#show("indexing", label, fraction)
  }

  failed(reason, again = true) {
    this.#show("failed", reason)
    this.part("retry").hidden = !again
    announce(`${this.file.name}: ${reason}`)
  }

  part(name) { return this.node.querySelector(`[data-part=${name}]`) }

  #done(text) {
    this.indexFailed = false
    this.#show("ready", text)
    announce(`${this.file.name}: ${text}.`)
    setTimeout(() => { if (!this.node.contains(document.activeElement)) this.leave() }, READY_STAYS_MS)
  }

  #show(state, text, fraction) {
    this.node.dataset.state = state
    this.part("step").textContent = text
    this.part("retry").hidden = true
    if (fraction === undefined) this.bar.removeAttribute("value")
    else this.bar.value = fraction
    const mark = { ready: "check", failed: "warning" }[state]
    this.part("mark").replaceChildren(...(mark ? [icon(mark)] : []))
  }
}

customElements.define("fd-upload", FdUpload)
