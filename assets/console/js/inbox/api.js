// The inbox's routes.
import { request } from "../lib/api.js"

const BASE = "/api/v1/inbox"

async function json(method, url, body, options) {
  const response = await request(method, url, { json: body, ...options })
  const text = await response.text()
  return text ? JSON.parse(text) : null
}

function path(id, verb) {
  return `${BASE}/${encodeURIComponent(id)}${verb ? `/${verb}` : ""}`
}

export function queryString(query) {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "")
  return new URLSearchParams(filled).toString()
}

export const list = (query, signal) => json("GET", `${BASE}?${queryString(query)}`, undefined, { signal })
export const read = (id, before, signal) =>
  json("GET", before ? `${path(id)}?before=${encodeURIComponent(before)}` : path(id), undefined, { signal })

// `verb` is take, return, close, reopen, spam, not-spam, read or unread.
export const change = (id, verb, revision) => json("POST", path(id, verb), revision === undefined ? {} : { revision })

// A message with files goes as a form.
export async function write(id, { text, client_id, files }) {
  if (!files?.length) return json("POST", path(id, "messages"), { text, client_id })
  const form = new FormData()
  form.set("text", text)
  form.set("client_id", client_id)
  for (const file of files) form.append("file", file)
  return (await request("POST", path(id, "messages"), { body: form })).json()
}

export const note = (id, text) => json("POST", path(id, "notes"), { text })
export const assign = (id, to) => json("POST", path(id, "assign"), to)
export const snooze = (id, until) => json("POST", path(id, "snooze"), { until })
export const tag = (id, tags) => json("PUT", path(id, "tags"), { tags })
export const merge = (id, into) => json("POST", path(id, "merge"), { into })
export const typing = (id, on) => json("POST", path(id, "typing"), { on }, { keepalive: true })
export const here = () => json("POST", `${BASE}/here`, {})
export const seen = id => json("POST", path(id, "seen"), {})
export const draft = (id, signal) => json("POST", path(id, "draft"), {}, { signal })
export const summary = (id, signal) => json("POST", path(id, "summary"), {}, { signal })
export const translate = (id, what, signal) => json("POST", path(id, "translate"), what, { signal })
// `as` is answer or document.
export const approve = (id, message, question, as) => json("POST", path(id, "approve"), { message, question, as })
export const bulk = (ids, act, more) => json("POST", `${BASE}/bulk`, { ids, act, ...more })
export const undo = token => json("POST", `${BASE}/undo`, { token })

export const cannedReplies = async () => (await json("GET", "/api/v1/canned-replies")).canned_replies
export const contact = id => json("GET", `/api/v1/contacts/${encodeURIComponent(id)}`)
// `verb` is done, drop, reopen or shown.
export const task = (id, verb) => json("POST", `/api/v1/tasks/${encodeURIComponent(id)}/${verb}`, {})
