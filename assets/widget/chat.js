// What is said, and whose turn it is.

class Chat extends Visit {
  #unread = 0
  #typedAt = 0
  #sawAt = 0

  send(text) {
    this.begin().then(() => {
      if (this.gate) return this.gate.querySelector("input, button")?.focus()
      this.outbox.write(text)
      this.settled()
    }).catch(error => { if (this.box && !this.box.value) this.box.value = text; this.fail(error) })
  }

  // Shows the answer of a request as it comes. `stored` is called when the server has what was sent.
  async answer(ask, stored = () => {}) {
    let item = this.state === "open" ? this.log.add({ role: "assistant", text: "", streams: true }) : undefined
    let ended = false
    try {
      const response = await this.visited(() => ask((this.leaving ??= new AbortController()).signal))
      for await (const [event, data] of events(response)) {
        if (event === "stored") { ended = true; stored(data) }
        else if (event === "heard") { if (!this.live.online) this.log.add({ role: "user", text: data.text, status: "sent" }) }
        else if (event === "failed") throw new Problem(data.detail, 0, "failed")
        else {
          item ??= this.log.add({ role: "assistant", text: "", streams: true })
          if (event === "waiting") item.waits = t("in_line", { number: data.ahead + 1, seconds: data.seconds })
          else if (event === "delta") { stored(); item.text += data.text }
          else if (event === "done") {
            stored()
            ended = true
            this.log.bind(item, data)
            Object.assign(item, { text: data.answer, citations: data.citations, rung: data.rung, handoff: data.handoff, provider: data.provider, options: data.options, streams: false })
            this.arrived(item)
          }
          this.log.draw(item)
          this.log.down()
        }
      }
      if (!ended) throw new Problem(t("lost"))
    } finally {
      if (item?.streams) {
        item.streams = false
        if (item.id) this.log.draw(item)
        else this.log.drop(item)
      }
    }
  }

  // An event of the visit.
  on(event, data) {
    if (event === "message") {
      this.log.put(data)
      this.settled()
      if (this.banner && (data.role === "agent" || data.role === "assistant" && data.state !== "interrupted")) this.typing(data.role, false)
    } else if (event === "state") this.turn(data)
    else if (event === "typing") this.typing(data.who, data.on)
    else if (event === "seen") this.log.seen(data.seq)
  }

  // Whose turn it is.
  turn(data) {
    const { state, person, wait } = this.turned = data
    const before = this.state
    this.state = state
    const place = wait?.position
    const text = state === "waiting" ? t(place ? "waiting_place" : "waiting", { place }) : state === "human" ? t("human", { name: person || t("staff") }) : state === "closed" ? t("closed") : ""
    const more = state === "waiting" && this.visit.lead ? worded(t("leave_message"), () => this.more(more => more.lead())) : state === "closed" && this.visit.rate ? worded(t("rate"), () => this.more(more => more.satisfaction())) : ""
    // Nobody came, and the assistant answers again.
    const left = before === "waiting" && state === "open" && this.visit.lead
    if (left) return this.#offer(data)
    this.banner.replaceChildren(...text ? [el("bdi", {}, text), more].filter(Boolean) : [])
    this.banner.hidden = !text
    this.clip.hidden = !(this.visit.files && (state === "human" || state === "waiting"))
    this.personButton.hidden = state === "waiting" || state === "human"
    if (state !== before) {
      if (text) this.tell(text)
      this.emit("state", { state, person })
      if (state === "closed" && this.visit.rate && !this.log.quiet && !this.panel.hidden) this.more(more => more.satisfaction())
    }
  }

  #offer(data) {
    this.banner.replaceChildren(el("bdi", {}, t("leave_hint")), worded(t("leave_message"), () => this.more(more => more.lead())))
    this.banner.hidden = false
    this.clip.hidden = true
    this.personButton.hidden = false
    this.emit("state", data)
  }

  // An answer that this tab shows as it comes is seen there.
  typing(who, on) {
    if (on ? who !== "agent" && this.log.items.some(item => item.streams) : who !== this.typist) return
    clearTimeout(this.typingEnds)
    this.typist = on && who
    this.typer.hidden = !on
    if (!on) return
    this.typer.replaceChildren(el("bdi", {}, t(who === "agent" ? "typing" : "thinking")))
    this.typingEnds = setTimeout(() => { this.typer.hidden = true }, who === "agent" ? 10000 : ANSWERED_BY)
  }

  // Somebody wrote.
  arrived(item) {
    const name = item.role === "agent" ? item.author || t("staff") : ""
    this.tell([name, item.text.replace(/\[\d+\]/g, "")].filter(Boolean).join(": "))
    if (this.panel.hidden) this.count(this.#unread + 1)
    else this.saw()
  }

  count(unread) {
    this.#unread = unread
    if (!this.launch) return
    this.badge.textContent = unread ? String(unread) : ""
    const label = this.attribute("label") || t("open")
    this.launch.setAttribute("aria-label", unread ? `${label} (${t("unread", { count: unread })})` : label)
  }

  // Tells staff how far the visitor has read.
  saw() {
    const last = this.log.items.findLast(item => item.role === "agent" && item.seq)
    if (!last || last.seq <= this.#sawAt || this.panel.hidden || document.hidden) return
    this.#sawAt = last.seq
    this.api("/seen", { seq: last.seq }).catch(() => {})
  }

  typed() {
    if ((this.state !== "human" && this.state !== "waiting") || Date.now() - this.#typedAt < 4000) return
    this.#typedAt = Date.now()
    this.api("/typing", { on: true }).catch(() => {})
  }

  async person() {
    try {
      const { open, text } = await (await this.visited(() => this.api("/person", { reason: "button", page: this.page, assistant: this.context.assistant || this.attribute("assistant") }))).json()
      if (text) this.tell(text)
      if (open === false && this.visit.lead) this.more(more => more.lead(text))
    } catch (error) {
      this.fail(error)
    }
  }

  lost(yes) {
    this.offline.hidden = !yes
    this.offline.textContent = yes ? t("offline") : ""
  }
}
