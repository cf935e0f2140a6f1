// Where the server is, how it is called, and what the browser keeps.

// A module or a script in a shadow root has no currentScript; the stack of an error has its address.
const SOURCE = document.currentScript?.src || /https?:\/\/[^\s()]+\/widget\.js[^\s():]*/.exec(new Error().stack)?.[0] || location.href
const HOME = new URL(SOURCE).origin

class Problem extends Error {
  constructor(message, status = 0, code = "") { super(message); this.status = status; this.code = code }
}

async function call(url, options = {}) {
  let response
  try {
    response = await fetch(url, { ...options, credentials: "omit", mode: "cors" })
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(t("lost"))
  }
  if (response.ok) return response
  const problem = await response.json().catch(() => ({}))
  throw new Problem((problem.code === "insufficient_quota" && t("used_up")) || problem.detail || t("refused", { status: response.status }), response.status, problem.code)
}

// `alive` hears of every byte, so that a connection that died in silence is noticed.
async function* events(response, alive = () => {}) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(error => { throw error.name === "AbortError" ? error : new Problem(t("lost")) })
      if (done) return
      alive()
      rest += value
      let end
      while ((end = rest.indexOf("\n\n")) >= 0) {
        const lines = rest.slice(0, end).split("\n")
        rest = rest.slice(end + 2)
        const field = name => lines.filter(line => line.startsWith(name)).map(line => line.slice(name.length).trim()).join("\n")
        if (field("data:")) yield [field("event:"), JSON.parse(field("data:"))]
      }
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

const pause = ms => new Promise(done => setTimeout(done, ms))
const newId = () => crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`

// What is kept where storage is blocked, until the page is left.
const blocked = new Map()

// The visit's token is kept for all tabs of the website until it ends, or for this tab only if the owner wants it so; what
// belongs to one tab (whether the panel is open, what could not be sent yet) always in the tab.
const Kept = {
  read(key, tab = false) {
    try { return blocked.get(key) ?? sessionStorage.getItem(key) ?? (tab ? undefined : localStorage.getItem(key)) ?? undefined } catch { return blocked.get(key) }
  },
  write(key, value, tab = true) {
    blocked.delete(key)
    try {
      const place = tab ? sessionStorage : localStorage
      if (!value || place !== sessionStorage) sessionStorage.removeItem(key)
      // What stays the same is not written, since other tabs would hear of it.
      if (!value) place.removeItem(key)
      else if (place.getItem(key) !== value) place.setItem(key, value)
    } catch { if (value) blocked.set(key, value) }
  },
}

// A token is kept with its end, so that an old one is not even sent.
function recallToken(key) {
  const [token, until] = (Kept.read(key) || "").split(" ")
  return !until || Number(until) > Date.now() ? token || undefined : Kept.write(key, undefined, false)
}
