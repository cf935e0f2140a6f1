// What a page can do with the widget: see frontdesk.d.ts beside it.

let context = {}
// Who is signed in on the page, as it says.
let identity

function current() {
  return desks.get(host) || [...byHand].map(widget => desks.get(widget)).find(Boolean)
}

function settleContext() {
  const desk = current()
  if (!desk) return
  desk.context = { ...context }
}

// By whose id; a token is only read here, not believed.
function whose(who) {
  try { return who.jwt ? JSON.parse(atob(who.jwt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub : who.user_id } catch {}
}

const Frontdesk = Object.freeze({
  open() { current()?.open() },
  close() { current()?.close() },
  setContext(values) {
    if (values?.language !== undefined) {
      host?.setAttribute("language", values.language)
      current()?.element.setAttribute("language", values.language)
      current()?.respeak()
    }
    context = Object.fromEntries(Object.entries({ ...context, ...values }).filter(([name, value]) => ["page", "assistant"].includes(name) && value))
    settleContext()
  },
  // `null` for nobody.
  identify(who) {
    const before = identity
    identity = who ? { user_id: who.userId === undefined ? undefined : String(who.userId), hash: who.hash, jwt: who.jwt, name: who.name, email: who.email, phone: who.phone } : undefined
    // The same person with a newer token.
    if (before && identity && whose(before) && String(whose(before)) === String(whose(identity))) return
    for (const widget of [host, ...byHand]) desks.get(widget)?.identified(before)
  },
  // "open", "close", "message", "state" and "problem"; returns what stops it.
  on(name, tell) {
    const listener = event => tell(event.detail)
    document.addEventListener(`frontdesk-${name}`, listener)
    return () => document.removeEventListener(`frontdesk-${name}`, listener)
  },
})

function publish() {
  if (Object.hasOwn(window, "Frontdesk")) return
  Object.defineProperty(window, "Frontdesk", { value: Frontdesk, enumerable: true })
  document.dispatchEvent(new CustomEvent("frontdesk-loaded"))
}
