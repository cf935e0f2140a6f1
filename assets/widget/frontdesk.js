// Frontdesk's widget: chat and voice for visitors, without dependencies.
//   <script src="https://DESK/widget.js" data-site="KEY" async></script>
// or the element by hand: <frontdesk-widget site="KEY" mode="page"></frontdesk-widget>, with data-embed="no" in the line.
// The console's page "Widget" has the line with its key.
// Modes: "float" (a button in the corner), "page" (fills its place), "bar" (only the microphone, for the
// console, which listens to the events frontdesk-heard, frontdesk-answer and frontdesk-note).
// The server joins these files within one function: nodes.js, server.js, words.js, look.js, log.js, outbox.js, live.js,
// visit.js, desk.js, panel.js, this one, api.js and line.js. voice.js, more.js and work.js are fetched when they are used.

class FrontdeskWidget extends HTMLElement {
  #desk

  static again = take

  connectedCallback() {
    if (this.hasAttribute("data-embedded")) {
      // A copy restored from a page cache.
      if (this !== host) return this.remove()
    } else {
      byHand.add(this)
      settle()
    }
    if (this.#desk) return this.#desk.back()
    const desk = this.#desk = new Desk(this)
    desks.set(this, desk)
    // Pages on this server let people choose between light and dark.
    const chosen = document.documentElement.dataset.theme
    if (chosen && HOME === location.origin) this.setAttribute("theme", chosen)
    desk.start()
    window.addEventListener("pagehide", () => desk.talk?.over())
    // The conversation may have continued on another page of the tab.
    window.addEventListener("pageshow", event => {
      if (event.persisted && this.isConnected && desk.visit && !desk.bar) { desk.live.stop(); desk.live.start() }
    })
    window.addEventListener("online", () => desk.live.wake())
    document.addEventListener("visibilitychange", () => {
      if (!this.isConnected) return
      desk.live.shown(!document.hidden)
      if (!document.hidden && desk.visit && !desk.bar) desk.saw()
    })
    // Another tab ended the visit, or began one.
    window.addEventListener("storage", event => {
      if (!this.isConnected || event.key !== desk.kept || event.storageArea !== tabs() || !desk.visit || recallToken(desk.kept) === desk.visit.token) return
      // Whoever signed out there did so here.
      if (!event.newValue && identity) { identity = undefined; desk.outbox.drop() }
      desk.forget(true)
      if (recallToken(desk.kept)) desk.begin().catch(error => desk.fail(error))
      else if (desk.float && !desk.panel.hidden) desk.close()
    })
    new MutationObserver(() => desk.respeak()).observe(document.documentElement, { attributeFilter: ["lang"] })
  }

  disconnectedCallback() {
    byHand.delete(this)
    // Wait, in case the page is removing its nodes one by one.
    queueMicrotask(settle)
    setTimeout(() => { if (!this.isConnected) this.#desk?.gone() }, 1000)
  }

  open() { this.#desk?.open() }

  close() { this.#desk?.close() }
}

// The inside of each element, for the page's API and for the parts that are fetched.
const desks = new WeakMap()

function tabs() {
  try { return localStorage } catch { return undefined }
}

const KIT = { HOME, PARTS, Problem, button, call, el, events, icon, newId, paragraphs, pause, t, worded, language: () => language }
