// <fd-voice>: lets the owner hear a voice, and a word as it would be spoken.
import { request } from "./lib/api.js"
import { toast } from "./lib/toast.js"

const SAMPLE = "Hello, and welcome. We are open on weekdays from 8 am to 5:30 pm. How may I help you?"

class FdVoice extends HTMLElement {
  #sound

  connectedCallback() {
    this.settings = this.querySelector("[data-settings]")
    for (const button of this.querySelectorAll("[data-listen]")) {
      button.hidden = false
      button.addEventListener("click", event => {
        event.preventDefault()
        this.#listen(button)
      })
    }
  }

  disconnectedCallback() { this.#sound?.pause() }

  async #listen(button) {
    this.#sound?.pause()
    const form = new FormData(this.settings)
    const trial = { voice: button.dataset.voice ?? form.get("voice"), speed: Number(form.get("speed")) || 1 }
    const word = button.closest("[data-word]")
    if (word) {
      const said = new FormData(word)
      if (!said.get("word").trim() || !said.get("say").trim()) return toast("Write the word and how it is said.")
      Object.assign(trial, { text: said.get("word"), word: said.get("word"), say: said.get("say") })
    } else {
      trial.text = form.get("greeting").trim().slice(0, 500) || SAMPLE
    }
    button.disabled = true
    try {
      const response = await request("POST", "/api/v1/voice/preview", { json: trial, accept: "audio/wav" })
      const address = URL.createObjectURL(await response.blob())
      this.#sound = new Audio(address)
      this.#sound.addEventListener("ended", () => URL.revokeObjectURL(address))
      await this.#sound.play()
    } catch (error) {
      if (error.name !== "AbortError") toast(error.message)
    } finally {
      button.disabled = false
    }
  }
}

customElements.define("fd-voice", FdVoice)
