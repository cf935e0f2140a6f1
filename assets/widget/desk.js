// The widget's inside: the visit, what is open, and what happens when. The element around it is all that a page can reach.

class Desk extends Chat {
  constructor(element) {
    super()
    this.element = element
    this.root = element.attachShadow({ mode: "open" })
    this.root.adoptedStyleSheets = [sheet]
    this.bar = element.getAttribute("mode") === "bar"
    this.float = !element.hasAttribute("mode")
    this.log = new Log(this)
    this.live = new Live(this)
    this.outbox = new Outbox(this)
    this.root.addEventListener("focusin", event => { this.focused = event.target })
    this.root.addEventListener("focusout", () => setTimeout(() => { this.focused = this.root.activeElement }))
    element.addEventListener("keydown", event => this.#key(event))
  }

  get place() { return `frontdesk:${HOME}:${this.attribute("site") || this.attribute("workspace") || "default"}` }

  attribute(name) { return this.element.getAttribute(name) || undefined }

  // Builds the widget in its language. Without what the owner chose it is there all the same, a little later.
  async start() {
    const look = this.bar ? undefined : this.#askLook()
    const wanted = this.attribute("language")
    if (chooseLanguage(wanted) !== language) await Promise.race([speak(wanted), pause(1500)])
    this.build()
    if (this.bar) return
    if (!this.float) return this.begin().catch(error => this.fail(error))
    const hidden = this.launch.hidden = true
    const chosen = await Promise.race([look, pause(600)])
    if (hidden) this.launch.hidden = false
    if (chosen) this.paint(chosen)
    if (this.element.hasAttribute("open") || (Kept.read(`${this.place}:open`, true) && !this.element.hasAttribute("data-closed"))) this.open(false)
    else if (recallToken(this.kept)) this.begin().catch(() => {})
    look.then(found => { if (found && found !== chosen) this.paint(found); this.greet(found?.greetings) })
  }

  #askLook() {
    const query = new URLSearchParams({ ...this.attribute("site") && { s: this.attribute("site") }, ...this.attribute("workspace") && { w: this.attribute("workspace") } })
    return call(`${HOME}/api/v1/visit/look?${query}`).then(response => response.json()).catch(() => undefined)
  }

  build() {
    this.root.replaceChildren()
    this.talk = this.sheet = this.gate = undefined
    if (this.bar) buildBar(this)
    else buildChat(this)
    if (this.look) this.paint(this.look)
  }

  // The page changed its language.
  async respeak() {
    if (this.bar || this.call || chooseLanguage(this.attribute("language")) === language) return
    await speak(this.attribute("language"))
    const { hidden } = this.panel
    this.build()
    if (this.visit) this.welcome()
    this.panel.hidden = hidden
    this.launch?.setAttribute("aria-expanded", String(!hidden))
  }

  // Colours of the owner, made readable by the server, and where the button stands.
  paint(look) {
    this.look = look
    const { element } = this
    const style = element.style
    if (!element.hasAttribute("theme") && look.theme && look.theme !== "auto") element.setAttribute("theme", look.theme)
    if (look.position === "start") element.setAttribute("start", "")
    const own = this.attribute("colour")
    if (/^#[0-9a-f]{6}$/i.test(own || "")) {
      const [r, g, b] = [1, 3, 5].map(i => (parseInt(own.slice(i, i + 2), 16) / 255) ** 2.2)
      const on = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff"
      for (const [name, value] of [["--light", own], ["--on-light", on], ["--dark", own], ["--on-dark", on]]) style.setProperty(name, value)
    } else if (look.colours) {
      for (const [name, value] of Object.entries(look.colours)) style.setProperty(`--${name.replace("_", "-")}`, value)
    }
    if (look.logo && this.heading && !this.logo) {
      this.logo = true
      this.more(more => more.logo(look.logo))
    }
  }

  // Says something to somebody who looks at a page for a while, once a visit.
  greet(rules = []) {
    const seen = `${this.place}:greeted`
    if (!this.float || Kept.read(seen, true) || recallToken(this.kept)) return
    const path = () => this.context.page ? new URL(this.context.page, location.href).pathname : location.pathname
    for (const rule of rules) {
      const pattern = new RegExp(`^${rule.path.split("*").map(part => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`)
      setTimeout(() => {
        if (Kept.read(seen, true) || !this.panel.hidden || !pattern.test(path()) || !this.element.isConnected) return
        Kept.write(seen, "1")
        const text = el("p", { dir: "auto" }, rule.text)
        this.teaser.replaceChildren(worded(rule.text, () => this.open(), "text say"), button("close", t("close"), () => { this.teaser.hidden = true }))
        this.teaser.hidden = false
        this.tell(text.textContent)
      }, rule.seconds * 1000)
    }
  }

  // Opens the panel.
  open(focus = true) {
    this.panel.hidden = false
    if (this.teaser) this.teaser.hidden = true
    this.launch?.setAttribute("aria-expanded", "true")
    if (this.float) Kept.write(`${this.place}:open`, "1")
    this.count(0)
    this.begin().then(() => this.saw()).catch(error => this.fail(error))
    if (focus) (this.gate?.querySelector("input, button") || this.box)?.focus()
    this.emit("open")
  }

  close() {
    this.talk?.over()
    this.panel.hidden = true
    Kept.write(`${this.place}:open`)
    this.launch?.setAttribute("aria-expanded", "false")
    this.launch?.focus()
    this.emit("close")
  }

  // Parts that are fetched when they are used

  async more(act) {
    try {
      const make = await part("more")
      this.moreParts ??= make(this)
      return await act(this.moreParts)
    } catch (error) {
      this.fail(error)
    }
  }

  async speech(act) {
    try {
      const make = await part("voice")
      this.talk ??= make(this)
      return await act(this.talk)
    } catch (error) {
      this.fail(error)
    }
  }

  // Said in the widget only: by a call, or about a problem.
  say(text, role, citations) { return this.log.add({ role, text, citations, seq: this.log.seq + 0.5, before: true }) }

  tell(text) { if (this.news) this.news.textContent = text }

  fail(error) {
    if (error.name === "AbortError") return
    this.emit("problem", { message: error.message })
    if (!this.bar) this.say(error.message, "problem")
    this.tell(error.message)
  }

  emit(name, detail) { this.element.dispatchEvent(new CustomEvent(`frontdesk-${name}`, { detail, bubbles: true })) }

  // Back in its place after the page was swapped.
  back() {
    this.log.box && this.log.down()
    if (this.focused && document.activeElement === document.body) this.focused.focus()
    if (this.visit && !this.bar) this.live.start()
  }

  // Gone for good, as far as anybody knows.
  gone() {
    this.talk?.over()
    this.live.stop()
  }

  #key(event) {
    if (this.talk?.key(event)) return
    if (event.key === "Escape") {
      if (this.menu && !this.menu.hidden) { this.menu.hidden = true; this.menuButton.setAttribute("aria-expanded", "false"); this.menuButton.focus() }
      else if (this.sheet) this.sheet.close()
      else if (this.float && !this.panel.hidden && !this.call) this.close()
      else return
      event.stopPropagation()
    }
  }
}
