// Requests to this machine's own API, with errors as sentences a person can act on.
export const OFFLINE = "Frontdesk did not answer. Check that this computer can reach it, then try again."

export class ApiError extends Error {
  // `problem` is the server's answer as it came, if it was one: its `code` tells refusals apart.
  constructor(message, status, problem) {
    super(message)
    this.status = status
    this.problem = problem
  }
}

export async function request(method, url, { json, body, signal, keepalive, accept = "application/json" } = {}) {
  const headers = { accept }
  if (json !== undefined) headers["content-type"] = "application/json"
  let response
  try {
    response = await fetch(url, {
      method, headers, signal, keepalive, credentials: "same-origin",
      body: json === undefined ? body : JSON.stringify(json),
    })
  } catch (error) {
    throw error.name === "AbortError" ? error : new ApiError(OFFLINE, 0)
  }
  if (!response.ok) {
    const text = await response.text()
    throw new ApiError(reason(response.status, text), response.status, parse(text))
  }
  return response
}

// Sends a form with upload progress, which fetch cannot report. Returns { done, abort }.
export function upload(url, form, onprogress) {
  const xhr = new XMLHttpRequest()
  const done = new Promise((resolve, reject) => {
    xhr.upload.addEventListener("progress", event => {
      if (event.lengthComputable) onprogress(event.loaded, event.total)
    })
    xhr.addEventListener("load", () => {
      if (xhr.status < 300) resolve(parse(xhr.responseText))
      else reject(new ApiError(reason(xhr.status, xhr.responseText), xhr.status))
    })
    xhr.addEventListener("error", () => reject(new ApiError(OFFLINE, 0)))
    xhr.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")))
  })
  xhr.open("POST", url)
  xhr.setRequestHeader("accept", "application/json")
  xhr.send(form)
  return { done, abort: () => xhr.abort() }
}

// The sentence in a problem document (`detail`) or in OpenAI's envelope (`error.message`).
function reason(status, body) {
  if (status === 401) return "You have been signed out. Reload the page and sign in again."
  const problem = parse(body)
  return problem?.detail ?? problem?.error?.message ?? problem?.title ??
    `Frontdesk could not do this (error ${status}). Try again; if that does not help, look at the Status page.`
}

function parse(text) {
  try { return JSON.parse(text) } catch { return null }
}
