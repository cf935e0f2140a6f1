// Where the server is, how it is called, and what the tab keeps.

// A module or a script in a shadow root has no currentScript; the stack of an error has its address.
const SOURCE = document.currentScript?.src || /https?:\/\/[^\s()]+\/widget\.js[^\s():]*/.exec(new Error().stack)?.[0] || location.href
const HOME = new URL(SOURCE).origin
const LOST = "The connection to the front desk was lost. Check the network, then try again."

class Problem extends Error {
  constructor(message, status = 0, code = "") { super(message); this.status = status; this.code = code }
}

async function call(url, options = {}) {
  let response
  try {
    response = await fetch(url, { ...options, credentials: "omit", mode: "cors" })
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(LOST)
  }
  if (response.ok) return response
  const problem = await response.json().catch(() => ({}))
  throw new Problem(problem.detail || `The front desk could not do this (error ${response.status}). Try again.`, response.status, problem.code)
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (;;) {
    const { value, done } = await reader.read().catch(() => { throw new Problem(LOST) })
    if (done) return
    rest += value
    let end
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const lines = rest.slice(0, end).split("\n")
      rest = rest.slice(end + 2)
      const field = name => lines.filter(line => line.startsWith(name)).map(line => line.slice(name.length).trim()).join("\n")
      if (field("data:")) yield [field("event:"), JSON.parse(field("data:"))]
    }
  }
}

// The visit's token lives in the tab, and where storage is blocked in the page.
const blocked = new Map()

function recall(place) {
  try { return blocked.get(place) ?? sessionStorage.getItem(place) ?? undefined } catch { return undefined }
}

function keep(place, token) {
  blocked.delete(place)
  try {
    if (token) sessionStorage.setItem(place, token)
    else sessionStorage.removeItem(place)
  } catch { if (token) blocked.set(place, token) }
}
