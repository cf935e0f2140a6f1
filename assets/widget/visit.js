// The visit: its token, what the server said when it began, and how it ends.

class Visit {
  state = "open"
  // What the page says about itself; it goes along with each message.
  context = {}
  #visiting
  #ending
  // A visit that goes along with who has just signed in.
  #carried

  // Where the visitor is, without what follows a question mark.
  get page() {
    const { origin, pathname } = new URL(this.context.page || location.href, location.href)
    return origin + pathname
  }

  // The visit of somebody who is signed in on the page is kept apart: pages that do not say who that is show nothing of it.
  get signed() { return `${this.place}:signed` }

  get kept() { return identity ? this.signed : this.place }

  begin(again = false) {
    if (again) this.#visiting = undefined
    if (this.#visiting) return this.#visiting
    const current = () => this.#visiting === visiting
    const visiting = this.#visiting = this.#open(current).catch(error => { if (current()) this.#visiting = undefined; throw error })
    return visiting
  }

  async #open(current) {
    const who = identity
    const kept = this.kept
    const body = {
      site: this.attribute("site"), workspace: this.attribute("workspace"), assistant: this.attribute("assistant"),
      token: who && this.#carried || recallToken(kept) || recallToken(this.place), identity: who,
    }
    let visit
    try {
      visit = await (await this.#ask(body)).json()
    } catch (error) {
      if (error.code !== "identity_refused" || !current()) throw error
      console.error(`Frontdesk: nobody is recognised, and the chat goes on without a name: ${error.message}`)
      identity = undefined
      return this.#open(current)
    }
    // Meanwhile somebody signed in or out.
    if (!current()) return this.begin()
    this.#carried = undefined
    const before = this.visit
    this.visit = visit
    if (before && before.token !== visit.token) this.log.empty()
    hosts = [new URL(HOME).hostname, ...visit.links || []]
    Kept.write(kept, `${visit.token} ${visit.expires_at}`, visit.remember === false)
    // Unsent messages belong to the previous user; never send them as another.
    if (who && body.token && !visit.resumed) this.outbox.drop()
    if (who && recallToken(this.place) === visit.token) Kept.write(this.place, undefined, false)
    if (this.bar) return
    if (visit.look) this.paint(visit.look)
    this.welcome()
    this.outbox.restore()
    this.live.start()
  }

  // While many visits are begun at once, the server may want work for one.
  async #ask(body) {
    try {
      return await this.api("", body)
    } catch (error) {
      if (error.code !== "work_required") throw error
      const work = (await part("work"))(this)
      // The page may have slept until the first challenge was too old.
      return await this.api("", { ...body, work: await work.solve() }).catch(async error => {
        if (error.code !== "work_refused") throw error
        return this.api("", { ...body, work: await work.solve() })
      })
    }
  }

  // What stands around the messages: who speaks here, what is agreed, what one can ask.
  welcome() {
    const { visit, log } = this
    this.heading.textContent = this.attribute("title-text") || visit.title
    this.talkButton.hidden = !visit.voice.enabled && !visit.voice.notes
    this.talkButton.disabled = !visit.voice.enabled
    this.noteButton.hidden = !visit.voice.notes
    if (visit.voice.reason) this.talkButton.title = visit.voice.reason
    const notes = [visit.disclosure ?? t("disclosure"), visit.min_age && t("age", { age: visit.min_age })].filter(Boolean)
    const about = el("p", { class: "about", dir: "auto" }, notes.join(" "))
    if (visit.privacy_link) about.append(" ", el("a", { href: visit.privacy_link, target: "_blank", rel: "noopener noreferrer" }, t("privacy")))
    const greeting = visit.greeting && el("div", { class: "said" }, ...paragraphs(visit.greeting))
    log.first.replaceChildren(about, ...[greeting].filter(Boolean))
    const ask = (visit.suggestions || []).map(question => worded(question, () => this.send(question), "edge ask"))
    log.last.replaceChildren(...ask.length ? [el("div", { class: "asks", role: "group", "aria-label": t("suggestions") }, ...ask)] : [])
    this.settled()
    if (this.gate && visit.introduced) {
      this.gate.remove()
      this.gate = undefined
      this.composer.hidden = false
    }
    if (this.turned) this.turn(this.turned)
    if ((visit.consent || visit.pre_chat?.length) && !visit.introduced) this.more(more => more.introduce())
    if (!this.panel.hidden) this.tell(notes.join(" "))
    log.down()
  }

  // Questions are suggested until something was said.
  settled() {
    const said = this.log.items.some(item => item.role === "user")
    this.log.last.hidden = said
  }

  api(path, json, options = {}) {
    const headers = { accept: "application/json", ...options.headers }
    if (this.visit) headers.authorization = `Bearer ${this.visit.token}`
    if (json) headers["content-type"] = "application/json"
    const method = options.method || (json || options.body ? "POST" : "GET")
    return call(`${HOME}/api/v1/visit${path}`, { ...options, headers, method, body: json ? JSON.stringify(json) : options.body })
  }

  // Who is signed in on the page has changed; `before` is who was. Nobody sees what was somebody else's.
  identified(before) {
    if (this.bar) return
    const begun = this.#visiting
    if (before || !identity) {
      const token = recallToken(this.signed)
      if (token) call(`${HOME}/api/v1/visit/sign-out`, { method: "POST", headers: { authorization: `Bearer ${token}` } }).catch(() => {})
      Kept.write(this.signed, undefined, false)
      if (!before) return
      this.outbox.drop()
      Kept.write(`${this.signed}:unsent`)
      if (this.box) this.box.value = ""
      this.sheet?.close()
      this.talk?.over()
    } else if (this.log.items.some(item => item.role === "user")) {
      this.#carried = this.visit?.token
    }
    if (!before) Kept.write(`${this.place}:unsent`)
    this.forget(true)
    if (begun || recallToken(this.kept)) this.begin().catch(error => this.fail(error))
  }

  // If the visit has ended meanwhile, start a new one, but only once.
  async visited(action) {
    await this.begin()
    try {
      return await action()
    } catch (error) {
      if (error.code !== "visit_over") throw error
      await this.over()
      return action()
    }
  }

  // The same for all who notice it.
  over() {
    return this.#ending ??= Promise.resolve().then(() => {
      this.forget()
      return this.begin(true)
    }).finally(() => { this.#ending = undefined })
  }

  // `kept`: what the browser keeps is no longer this tab's.
  forget(kept = false) {
    this.live.stop()
    // An answer on its way is nobody else's.
    this.leaving?.abort()
    this.leaving = undefined
    this.visit = this.#visiting = undefined
    this.state = "open"
    this.turned = undefined
    if (!kept) Kept.write(this.kept, undefined, false)
    this.log.empty()
    if (this.banner) this.banner.hidden = this.typer.hidden = true
  }
}
