// What is used now and then: forms, files, ratings, and what visitors may do with what is kept of them. Fetched then.

const MOST_FILES = 5
const MOST_BYTES = 10 << 20

class More {
  constructor(desk) { this.desk = desk }

  // What the menu offers, by the names of its words.
  menu() {
    const { desk } = this
    const { visit } = desk
    return [
      desk.state === "open" || desk.state === "closed" ? ["person", () => desk.person()] : undefined,
      visit.lead && ["leave_message", () => this.lead()],
      visit.rate && ["rate", () => this.satisfaction()],
      visit.identified && ["earlier", () => this.#earlier()],
      ["transcript", () => this.#save(`/transcript?language=${language()}`, "conversation.txt")],
      visit.mail && ["mail_transcript", () => this.#mailTranscript()],
      ["export", () => this.#save("/export", "my-data.json")],
      ["end", () => this.#end()],
      ["erase", () => this.#erase()],
    ].filter(Boolean)
  }

  // A form or a question over the composer. `act` gets the form's values; what it throws is shown.
  #sheet({ title, lead, fields = [], submit, act, gate = false, ask = true }) {
    const { desk } = this
    desk.sheet?.close()
    const back = desk.focused
    const problem = el("p", { class: "bad", role: "alert" })
    const send = el("button", { type: "submit", class: "fill" }, el("bdi", {}, submit))
    const form = el("form", { novalidate: true }, problem, ...fields, el("div", { class: "row" }, send, !gate && ask && worded(t("cancel"), () => close())))
    const heading = el("h3", { id: "s" }, title)
    const box = el("section", { class: "sheet", role: gate ? "group" : "dialog", "aria-labelledby": "s" }, heading, lead && el("p", { dir: "auto" }, lead), form)
    const close = () => {
      box.remove()
      if (desk.sheet?.box !== box) return
      desk.sheet = undefined
      ;(back?.isConnected ? back : desk.box)?.focus()
    }
    form.addEventListener("submit", async event => {
      event.preventDefault()
      const wrong = [...form.elements].find(field => field.willValidate && !field.checkValidity())
      for (const field of form.elements) if (field.willValidate) field.setAttribute("aria-invalid", String(field === wrong))
      if (wrong) {
        problem.textContent = wrong.validationMessage
        return wrong.focus()
      }
      send.disabled = true
      try {
        await act(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value.trim() || undefined : value])))
        close()
      } catch (error) {
        problem.textContent = error.message
      }
      send.disabled = false
    })
    desk.sheets.replaceChildren(box)
    if (gate) return { box, close }
    desk.sheet = { box, close }
    ;(form.querySelector("input, select, textarea") || send).focus()
    return desk.sheet
  }

  #field(name, type, required = false, more = {}) {
    return el("label", {}, el("span", {}, `${t(name)}${required ? " *" : ""}`), el("input", { name, type, required, maxlength: "200", dir: type === "text" ? "auto" : "ltr", ...more }))
  }

  #tick(name, text, required = true) {
    return el("label", { class: "check" }, el("input", { type: "checkbox", name, value: "yes", required }), el("span", { dir: "auto" }, text))
  }

  #contactFields(required = {}) {
    return {
      name: this.#field("name", "text", required.name, { autocomplete: "name" }),
      email: this.#field("email", "email", required.email, { autocomplete: "email" }),
      phone: this.#field("phone", "tel", required.phone, { autocomplete: "tel" }),
    }
  }

  // Before the first message, if the owner wants it.
  introduce() {
    const { desk } = this
    const { visit } = desk
    if (desk.gate) return
    const asked = visit.pre_chat || []
    const known = this.#contactFields(Object.fromEntries(asked.map(({ field, required }) => [field, required])))
    const fields = asked.map(({ field }) => known[field]).filter(Boolean)
    if (visit.consent) fields.push(this.#tick("consent", visit.consent))
    desk.composer.hidden = true
    const { box } = this.#sheet({ title: t("before"), fields, submit: t("begin"), gate: true, act: async ({ consent, ...who }) => {
      await desk.visited(() => desk.api("/introduce", { ...who, page: desk.page, consent: consent && visit.consent }))
      desk.gate = undefined
      desk.visit.introduced = true
      desk.composer.hidden = false
      desk.box.focus()
    } })
    desk.gate = box
    if (!desk.panel.hidden) box.querySelector("input, button").focus()
  }

  // A wish that reaches a person later, with a time for a call if there are any.
  async lead(text) {
    const { desk } = this
    const times = await desk.visited(() => desk.api("/callback-times")).then(response => response.json()).catch(() => ({}))
    const slots = times.slots || []
    const show = new Intl.DateTimeFormat(language(), { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit", timeZone: times.time_zone || undefined })
    const pick = slots.length && el("label", {}, el("span", {}, t("call_back")), el("select", { name: "slot" }, el("option", { value: "" }, t("no_call")),
      ...slots.map(({ from, until }, at) => el("option", { value: String(at) }, show.formatRange(from, until)))))
    const wish = el("label", {}, el("span", {}, `${t("wish")}${slots.length ? "" : " *"}`), el("textarea", { name: "wish", required: !slots.length, rows: "3", maxlength: "2000", dir: "auto" }))
    const wanted = { text: times.consent?.text || t("lead_consent", { title: desk.visit.title }) }
    const tick = this.#tick("consent", wanted.text, times.consent?.required !== false)
    const contact = this.#contactFields()
    this.#sheet({ title: t("leave_message"), lead: text || t("leave_hint"), submit: t("send"),
      fields: [contact.name, contact.email, contact.phone, wish, pick, tick].filter(Boolean),
      act: async ({ slot, consent: given, ...values }) => {
        if (!values.email && !values.phone) throw new Problem(t("need_contact"))
        if (slot && !values.phone) throw new Problem(t("need_phone"))
        if (!slot && !values.wish) throw new Problem(t("need_wish"))
        const chosen = slot && slots[Number(slot)]
        const body = { wish: "", ...values, page: desk.page, consent: { text: wanted.text, given: Boolean(given) }, callback: chosen ? { from: chosen.from, until: chosen.until } : undefined }
        const sent = await desk.visited(() => desk.api("/lead", body)).catch(error => this.#askAgain(error, tick, wanted))
        const { text } = await sent.json()
        desk.tell(text || t("lead_sent"))
        if (!desk.live.online) desk.say(text || t("lead_sent"), "system")
      } })
  }

  // The owner changed the text while the form was open: the new one is shown, and what was ticked was for the old one.
  async #askAgain(error, tick, wanted) {
    if (error.code !== "consent_changed") throw error
    const { desk } = this
    const { consent } = await (await desk.visited(() => desk.api("/callback-times"))).json()
    wanted.text = consent.text || t("lead_consent", { title: desk.visit.title })
    const [box, text] = tick.children
    box.checked = false
    box.required = consent.required
    text.textContent = wanted.text
    box.focus()
    throw error
  }

  // What somebody thinks of the whole conversation.
  satisfaction(then) {
    const { desk } = this
    const stars = el("fieldset", {}, el("legend", {}, t("how_was_it")), el("div", { class: "row" }, ...[1, 2, 3, 4, 5].map(score =>
      el("label", { class: "check" }, el("input", { type: "radio", name: "score", value: String(score), required: true }), el("span", {}, t(`score_${score}`))))))
    const comment = el("label", {}, el("span", {}, t("comment")), el("textarea", { name: "comment", rows: "2", maxlength: "1000", dir: "auto" }))
    this.#sheet({ title: t("rate"), fields: [stars, comment], submit: t("send"), act: async ({ score, comment: said }) => {
      await desk.visited(() => desk.api("/rating", { score: Number(score), comment: said }))
      desk.tell(t("thanks"))
      await then?.()
    } })
  }

  // Whether an answer was good.
  async rate(item, value) {
    const { desk } = this
    const send = reason => desk.api(`/messages/${item.id}/rating`, { value, reason })
    await send()
    item.rated = value
    desk.log.draw(item)
    desk.tell(t("thanks"))
    if (value === "up") return
    const reasons = ["wrong", "unclear", "off_topic"].map(name => el("option", { value: t(name) }, t(name)))
    const pick = el("label", {}, el("span", {}, t("why")), el("select", { name: "kind" }, ...reasons, el("option", { value: "" }, t("other"))))
    const comment = el("label", {}, el("span", {}, t("comment")), el("textarea", { name: "comment", rows: "2", maxlength: "500", dir: "auto" }))
    this.#sheet({ title: t("thumb_down"), fields: [pick, comment], submit: t("send"), act: ({ kind, comment: said }) => send([kind, said].filter(Boolean).join(": ") || undefined) })
  }

  // Files

  async upload(files) {
    const { desk } = this
    if (files.length > MOST_FILES) throw new Problem(t("too_many_files", { count: MOST_FILES }))
    if (files.some(file => file.size > MOST_BYTES)) throw new Problem(t("file_too_large"))
    const form = new FormData()
    form.append("client_id", newId())
    for (const file of files) form.append("file", file)
    desk.tell(t("sending"))
    await desk.visited(() => desk.api("/files", undefined, { body: form }))
    desk.tell(t("sent"))
  }

  async #fetch(path) { return (await this.desk.visited(() => this.desk.api(path))).blob() }

  async download(file) { this.#offer(await this.#fetch(`/files/${file.id}`), file.name) }

  #offer(blob, name) {
    const href = URL.createObjectURL(blob)
    const anchor = el("a", { href, download: name })
    anchor.click()
    setTimeout(() => URL.revokeObjectURL(href), 60000)
  }

  // Drawn, so that the page's policy need not allow pictures of this server.
  async #paint(blob, label, height) {
    const picture = await createImageBitmap(blob)
    const scale = Math.min(1, height / picture.height, (height * 3) / picture.width)
    const canvas = el("canvas", { role: "img", "aria-label": label, width: String(Math.max(1, Math.round(picture.width * scale))), height: String(Math.max(1, Math.round(picture.height * scale))) })
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height)
    return canvas
  }

  async preview(file, box) {
    const canvas = await this.#paint(await this.#fetch(`/files/${file.id}`), file.name, 240).catch(() => undefined)
    if (canvas) box.prepend(canvas)
    this.desk.log.down()
  }

  async logo(path) {
    const blob = await (await call(HOME + path)).blob()
    const canvas = await this.#paint(blob, "", 64).catch(() => undefined)
    if (!canvas) return
    canvas.className = "logo"
    canvas.setAttribute("aria-hidden", "true")
    this.desk.head.prepend(canvas)
  }

  // What belongs to the visitor

  async #save(path, name) { await this.desk.more(async () => this.#offer(await this.#fetch(path), name)) }

  #mailTranscript() {
    const { desk } = this
    this.#sheet({ title: t("mail_transcript"), fields: [this.#field("email", "email", true, { autocomplete: "email" })], submit: t("send"), act: async ({ email }) => {
      await desk.visited(() => desk.api("/transcript", { email, language: language() }))
      desk.tell(t("sent"))
    } })
  }

  // What was said before, by somebody whom the website vouches for.
  async #earlier() {
    const { desk } = this
    const box = el("div", { tabindex: "-1" })
    const ask = path => desk.visited(() => desk.api(path)).then(response => response.json())
    const day = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" })
    const said = ({ role, author, text }) => {
      const who = role === "agent" ? author || t("staff") : role === "user" ? "→" : ""
      return el("div", { dir: "auto" }, who && el("p", { class: "who" }, el("bdi", {}, who)), ...paragraphs(text))
    }
    const open = async ({ id, last_at: at }) => {
      const { messages } = await ask(`/conversations/${id}`)
      box.replaceChildren(el("p", { class: "who" }, day.format(at)), ...messages.map(said))
      box.focus()
    }
    try {
      const { conversations } = await ask("/conversations")
      box.append(...conversations.map(one => worded(`${day.format(one.last_at)} · ${one.first}`, () => open(one).catch(error => desk.fail(error)))))
      this.#sheet({ title: t("earlier"), lead: conversations.length ? "" : t("no_earlier"), fields: [box], submit: t("close"), ask: false, act: async () => {} })
    } catch (error) {
      desk.fail(error)
    }
  }

  #end() {
    const { desk } = this
    const end = async () => {
      await desk.api("/end", {})
      this.#leave()
    }
    if (desk.visit.rate && desk.log.items.some(item => item.role === "user")) this.satisfaction(end)
    else this.#sheet({ title: t("end"), lead: t("end_hint"), submit: t("end"), act: end })
  }

  #erase() {
    const { desk } = this
    this.#sheet({ title: t("erase"), lead: t("erase_hint"), submit: t("erase"), act: async () => {
      await desk.api("", undefined, { method: "DELETE" })
      this.#leave()
      desk.tell(t("erased"))
    } })
  }

  #leave() {
    const { desk } = this
    desk.outbox.drop()
    desk.forget()
    if (desk.float) desk.close()
    else desk.begin(true).catch(error => desk.fail(error))
  }
}
