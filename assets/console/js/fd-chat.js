// <fd-chat>: asks the assistant and shows the answer as it is written, with its sources.
import { request } from "./lib/api.js"
import { AnswerText } from "./lib/answer-text.js"
import { el, icon, stamp } from "./lib/dom.js"
import { duration } from "./lib/format.js"
import { rating } from "./lib/rating.js"
import { SourceDrawer } from "./lib/source-drawer.js"
import { serverEvents } from "./lib/sse.js"
import { announce, toast } from "./lib/toast.js"

const RUNGS = {
  faq: "Your approved answer",
  fact: "Worked out from your business's facts",
  read: "Quoted from your documents",
  related: "Not an answer: the closest passages found",
  model: "Written from your documents by the model on this machine",
  refusal: "Not in your documents",
  talk: "Small talk, nothing to look up",
}
const NEAR_BOTTOM_PX = 160

class FdChat extends HTMLElement {
  #conversation
  #running
  #spoken = new Map()

  // Lifecycle

  connectedCallback() {
    this.log = this.querySelector("[data-log]")
    this.welcome = this.querySelector("[data-welcome]")
    this.form = this.querySelector("form")
    this.box = this.querySelector("textarea")
    this.sendButton = this.querySelector("[data-send]")
    this.drawer = new SourceDrawer(this.querySelector("dialog"))
    this.form.addEventListener("submit", event => { event.preventDefault(); this.#submit() })
    this.box.addEventListener("keydown", event => this.#key(event))
    this.querySelector("[data-new]").addEventListener("click", () => this.#reset())
    this.voice = this.querySelector("[data-voice]")
    this.addEventListener("frontdesk-ready", event => { this.#conversation = event.detail.conversation })
    this.addEventListener("frontdesk-heard", event => this.#heard(event.detail))
    this.addEventListener("frontdesk-answer", event => this.#answered(event.detail))
    this.addEventListener("frontdesk-problem", event => toast(event.detail.message))
    this.addEventListener("frontdesk-ended", event => toast(event.detail.message))
    this.addEventListener("frontdesk-note", event => this.#ask("Voice note", event.detail.blob))
    for (const button of this.querySelectorAll("[data-ask]")) {
      button.addEventListener("click", () => this.#ask(button.textContent.trim()))
    }
  }

  // Actions

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    if (!this.#running) this.#submit()
  }

  #submit() {
    if (this.#running) return this.#running.abort()
    const question = this.box.value.trim()
    if (!question) return this.box.focus()
    this.box.value = ""
    this.#ask(question)
  }

  // `note` is a recording that is asked instead of the question's words.
  async #ask(question, note) {
    if (this.#running) return
    const turn = this.#turn(question, () => { if (!this.#running) { turn.node.remove(); this.#ask(question, note) } })
    this.#run(true)
    const running = this.#running
    try {
      await this.#stream(question, note, turn, running.signal)
      turn.ended()
    } catch (error) {
      if (error.name === "AbortError") turn.stopped()
      else {
        if (error.status === 404) this.#conversation = undefined
        turn.failed(error.message)
      }
    } finally {
      if (this.#running === running) this.#run(false)
    }
  }

  #reset() {
    this.#running?.abort()
    this.#run(false)
    this.#conversation = this.voice.conversation = undefined
    this.#spoken.clear()
    this.log.replaceChildren()
    this.welcome.hidden = false
    this.box.focus()
    announce("New chat.")
  }

  // A call: each thing that was heard is a question, what the front desk says by itself has none.

  #heard({ turn, text }) {
    this.#spoken.set(turn, this.#turn(text))
  }

  #answered({ turn, text, rung, citations, receipt }) {
    const spoken = this.#spoken.get(turn) ?? this.#turn("")
    this.#spoken.delete(turn)
    spoken.done({ answer: text, rung, citations, receipt })
  }

  // Internal

  #turn(question, again) {
    this.welcome.hidden = true
    const turn = new Turn(question, { open: citation => this.drawer.open(citation), again, grown: () => this.#follow() })
    this.log.append(turn.node)
    turn.node.scrollIntoView({ block: "end" })
    this.querySelector("[data-new]").hidden = false
    return turn
  }

  async #stream(question, note, turn, signal) {
    if (!this.#conversation) {
      const created = await request("POST", "/api/v1/conversations", { json: {}, signal })
      this.#conversation = (await created.json()).id
      this.voice.conversation = this.#conversation
    }
    const conversation = `/api/v1/conversations/${encodeURIComponent(this.#conversation)}`
    const response = note
      ? await request("POST", `${conversation}/voice-note`, { body: note, accept: "text/event-stream", signal })
      : await request("POST", `${conversation}/messages`, { json: { text: question }, accept: "text/event-stream", signal })
    for await (const { event, data } of serverEvents(response)) {
      if (event === "heard") turn.asked(data.text)
      else if (event === "citations") turn.citations(data)
      else if (event === "delta") turn.delta(data.text)
      else if (event === "done") turn.done(data)
      else if (event === "failed") turn.failed(data.detail)
    }
  }

  #run(yes) {
    this.#running = yes ? new AbortController() : undefined
    this.sendButton.setAttribute("aria-label", yes ? "Stop the answer" : "Send")
    this.sendButton.replaceChildren(icon(yes ? "stop" : "send"))
    this.querySelector("[data-new]").hidden = !this.log.childElementCount
  }

  #follow() {
    const below = document.documentElement.scrollHeight - window.innerHeight - window.scrollY
    if (below < NEAR_BOTTOM_PX) window.scrollTo({ top: document.documentElement.scrollHeight })
  }
}

// One question and its answer.
class Turn {
  #text = ""
  #spoken = 0
  #citations = new Map()
  #settled = false
  #frame = 0

  constructor(question, { open, again, grown }) {
    this.open = open
    this.again = again
    this.grown = grown
    this.node = stamp("turn")
    this.asked(question)
    this.waiting = this.node.querySelector("[data-waiting]")
    this.answer = this.node.querySelector("[data-answer]")
    this.foot = this.node.querySelector("[data-foot]")
    this.sources = this.node.querySelector("[data-sources]")
    this.text = new AnswerText(this.node.querySelector("[data-text]"), number => this.#cite(number))
  }

  asked(question) {
    const node = this.node.querySelector("[data-question]")
    node.textContent = question
    node.hidden = !question
  }

  citations(list) {
    this.#citations = new Map(list.map(citation => [citation.number, citation]))
    if (list.length) this.waiting.textContent = "Found the passages. Writing the answer"
  }

  delta(text) {
    this.#text += text
    this.waiting.hidden = true
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      if (this.#settled) return
      this.text.draw(this.#text)
      this.grown()
    })
    this.#speak(false)
  }

  done(answer) {
    this.#text = answer.answer
    this.citations(answer.citations)
    this.#settle()
    this.text.redraw(this.#text)
    this.#showSources(answer.citations)
    this.answer.classList.toggle("answer--related", answer.rung === "related")
    this.#note([RUNGS[answer.rung], answer.timings_ms && duration(answer.timings_ms.total)].filter(Boolean).join(" · "))
    if (answer.interrupted) this.#problem("The answer was cut off before its end.", "warn")
    if (answer.receipt) this.foot.append(...rating(answer.receipt))
    this.#speak(true)
    this.grown()
  }

  stopped() {
    if (this.#settled) return
    this.#settle()
    this.text.draw(this.#text, true)
    this.#note("You stopped this answer.")
    announce("Stopped.")
  }

  failed(reason) {
    if (this.#settled) return
    this.#settle()
    this.text.draw(this.#text, true)
    this.#problem(reason, "danger")
    announce(reason)
    this.grown()
  }

  // The stream is over: without `done` or `failed` the connection broke.
  ended() { this.failed("The connection was lost before the answer was complete.") }

  // Internal

  #settle() {
    this.#settled = true
    this.waiting.hidden = true
    this.answer.removeAttribute("aria-busy")
  }

  #cite(number) {
    const citation = this.#citations.get(number)
    if (!citation) return null
    return el("button", {
      type: "button", class: "cite", "aria-label": `Source ${number}: ${citation.title}`, onclick: () => this.open(citation),
    }, String(number))
  }

  #showSources(citations) {
    if (!citations.length) return
    const chips = citations.map(citation => el("li", {}, el("button", {
      type: "button", class: "source", onclick: () => this.open(citation),
    },
      el("span", { class: "source__number" }, String(citation.number)),
      el("span", { class: "source__title" }, [citation.title, citation.page && `page ${citation.page}`].filter(Boolean).join(", ")))))
    this.sources.querySelector("ul").replaceChildren(...chips)
    this.sources.hidden = false
  }

  #note(text) { this.foot.replaceChildren(el("span", {}, text)) }

  #problem(reason, kind) {
    const notice = el("div", { class: `notice notice--${kind}` }, icon("warning"), el("span", {}, reason))
    this.foot.before(notice)
    if (this.again) this.foot.append(el("button", { type: "button", class: "button button--small", onclick: this.again }, icon("refresh"), "Ask again"))
  }

  // Screen readers hear whole sentences, not fragments.
  #speak(all) {
    const rest = this.#text.slice(this.#spoken)
    const end = all ? rest.length : Math.max(rest.lastIndexOf(". "), rest.lastIndexOf("\n")) + 1
    if (end <= 0) return
    announce(rest.slice(0, end).replace(/\[(\d+)\]/g, ", source $1,"))
    this.#spoken += end
  }
}

customElements.define("fd-chat", FdChat)
