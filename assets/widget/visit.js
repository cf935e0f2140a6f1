// The visit: its token, what the server said when it began, and how it ends.

class Visit {
  state = "open"
  // What the page says about itself; it goes along with each message.
  context = {}
  #visiting
  #ending

  // Where the visitor is, without what follows a question mark.
  get page() {
    const { origin, pathname } = new URL(this.context.page || location.href, location.href)
    return origin + pathname
  }

  begin(again = false) {
    if (again) this.#visiting = undefined
    return this.#visiting ??= this.#open().catch(error => { this.#visiting = undefined; throw error })
  }

  async #open() {
    const body = {
      site: this.attribute("site"), workspace: this.attribute("workspace"), assistant: this.attribute("assistant"),
      token: recallToken(this.place),
    }
    const visit = await (await this.api("", body)).json()
    const before = this.visit
    this.visit = visit
    if (before && before.token !== visit.token) this.log.empty()
    hosts = [new URL(HOME).hostname, ...visit.links || []]
    Kept.write(this.place, `${visit.token} ${visit.expires_at}`, visit.remember === false)
    if (this.bar) return
    if (visit.look) this.paint(visit.look)
    this.welcome()
    this.outbox.restore()
    this.live.start()
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
    this.visit = this.#visiting = undefined
    this.state = "open"
    this.turned = undefined
    if (!kept) Kept.write(this.place, undefined, false)
    this.log.empty()
    if (this.banner) this.banner.hidden = true
  }
}
