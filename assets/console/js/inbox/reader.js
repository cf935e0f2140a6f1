// The open conversation as the server has it: read, kept up to date, paged back.
import * as api from "./api.js"

export class Reader {
  detail
  #id
  #reading = false
  #again = false

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
    if (this.#reading === id) { this.#again = true; return this.#done }
    this.#reading = id
    this.#done = this.#read(id)
    await this.#done
  }

  #done

  async #read(id) {
    try {
      do {
        this.#again = false
        const found = await api.read(id)
        if (id !== this.#id) return
        this.#keep(found)
        this.shown()
      } while (this.#again)
    } catch (error) {
      if (id === this.#id) this.failed(error)
    } finally {
      if (this.#reading === id) this.#reading = false
    }
  }

  // Earlier pages that were read stay.
  #keep(found) {
    const first = found.transcript[0]
    const before = first && this.detail ? this.detail.transcript.filter(message => message.seq < first.seq) : []
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
