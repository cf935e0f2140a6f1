// What a page can do with the widget: see frontdesk.d.ts beside it.

let context = {}

function current() {
  return desks.get(host) || [...byHand].map(widget => desks.get(widget)).find(Boolean)
}

function settleContext() {
  const desk = current()
  if (!desk) return
  desk.context = { ...context }
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
