// The open conversation as the server has it: read, kept up to date, paged back.
import * as api from "./api.js"

// Pages that are read for what came meanwhile. After that what was read before goes, and “earlier messages” brings it back.
const MOST_PAGES = 10

export class Reader {
  detail
  #id
  #reading = false
  // Who asked while it read: they wait for one more reading, however many more come after that.
  #next

  // `shown()` after each reading, `failed(error)`.
  constructor({ shown, failed }) {
    this.shown = shown
    this.failed = failed
  }

  open(id) {
    this.#id = id
    this.detail = undefined
    if (id) this.refresh()
  }

  // Changes that come while it reads are one more reading afterwards, not one each.
  async refresh() {
    const id = this.#id
    if (!id) return
    if (this.#reading === id) return (this.#next ??= later()).promise
    this.#reading = id
    await this.#once(id)
    this.#readAgain(id)
  }

  async #readAgain(id) {
    while (this.#next && id === this.#id) {
      const { resolve } = this.#next
      this.#next = undefined
      await this.#once(id)
      resolve()
    }
    if (this.#reading !== id) return
    this.#reading = false
    this.#next?.resolve()
    this.#next = undefined
  }

  async #once(id) {
    if (id !== this.#id) return
    try {
      const found = await this.#fill(id, await api.read(id))
      if (id !== this.#id) return
      this.#keep(found)
      this.shown()
    } catch (error) {
      if (id === this.#id) this.failed(error)
    }
  }

  // While the connection was lost, more than a page may have come: the pages back to what is known are read as well.
  async #fill(id, found) {
    let { transcript, older } = found
    const last = this.#last()
    for (let pages = 0; pages < MOST_PAGES && isApart(last, transcript, older) && id === this.#id; pages++) {
      const page = await api.read(id, transcript[0].seq)
      transcript = [...page.transcript, ...transcript]
      older = page.older
      if (!page.transcript.length) break
    }
    return { ...found, transcript, older }
  }

  #last() { return this.detail?.transcript.at(-1)?.seq }

  // Earlier pages that were read stay, unless there is a gap after them.
  #keep(found) {
    const first = found.transcript[0]
    const joins = first && this.detail && !isApart(this.#last(), found.transcript, found.older)
    const before = joins ? this.detail.transcript.filter(message => message.seq < first.seq) : []
    const older = before.length ? this.detail.older : found.older
    this.detail = { ...found, transcript: [...before, ...found.transcript], older }
  }

  async older(keepPlace) {
    const { id, transcript } = this.detail
    try {
      const found = await api.read(id, transcript[0]?.seq)
      if (id !== this.#id) return
      this.detail = { ...this.detail, transcript: [...found.transcript, ...this.detail.transcript], older: found.older }
      keepPlace(() => this.shown())
    } catch (error) {
      this.failed(error)
    }
  }
}

function later() {
  let resolve
  const promise = new Promise(done => { resolve = done })
  return { promise, resolve }
}

// Whether messages may be missing between the last known one and these.
function isApart(last, transcript, older) {
  return last !== undefined && older && transcript.length > 0 && transcript[0].seq > last
}
