// What the inbox says about times, states and channels. All pure.
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export const CHANNELS = { chat: "Website", voice: "Call", api: "Program or test", cli: "Command line" }

export const VIEWS = {
  all: "All", waiting: "Waiting", mine: "Mine", unassigned: "Unassigned",
  mentions: "Mentions", snoozed: "Snoozed", closed: "Closed", spam: "Spam",
}

const EMPTY = {
  all: ["No open conversations", "When somebody writes or calls, the conversation appears here at once. Try it yourself: open the page for visitors and ask something."],
  waiting: ["Nobody waits", "When a visitor asks for a person, the conversation appears here, and you hear a tone if the sound is on."],
  mine: ["You have no conversation", "Open one and press “Take over”. It stays here until you give it back or close it."],
  unassigned: ["Everything is assigned", "Conversations that nobody looks after appear here."],
  mentions: ["Nobody has mentioned you", "A colleague who writes @ and your name in a private note calls you here."],
  snoozed: ["Nothing is snoozed", "Snooze a conversation that can wait. It comes back at the time that you choose, or when the visitor writes."],
  closed: ["No closed conversations", "Conversations that are done appear here. They open again when the visitor writes."],
  spam: ["No spam", "Conversations that you mark as spam are kept here, out of the way."],
}

export function emptyWords(query) {
  if (query.q || query.channel || query.tag || query.team || query.assigned || query.contact) {
    return ["No conversation matches", "Try fewer words, or take a filter away."]
  }
  return EMPTY[query.view] ?? EMPTY.all
}

// "now", "4 min", "3 h", "Yesterday", "22 Nov".
export function ago(at, now = Date.now()) {
  const past = now - at
  if (past < MINUTE_MS) return "now"
  if (past < HOUR_MS) return `${Math.floor(past / MINUTE_MS)} min`
  if (past < DAY_MS && sameDay(at, now)) return `${Math.floor(past / HOUR_MS)} h`
  if (sameDay(at, now - DAY_MS)) return "Yesterday"
  return date(at, now)
}

// How long somebody has waited: "0 min", "75 min", "3 h".
export function span(ms) {
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS))
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}

// `sla` is [due, overdue] in minutes. The level is in the words too, so that colour is never alone.
export function waits(row, sla, now = Date.now()) {
  if (!row.waiting_since) return null
  const ms = now - row.waiting_since
  if (ms >= sla[1] * MINUTE_MS) return { level: "over", text: `Waiting ${span(ms)}, overdue` }
  if (ms >= sla[0] * MINUTE_MS) return { level: "due", text: `Waiting ${span(ms)}, due` }
  return { level: "fresh", text: `Waiting ${span(ms)}` }
}

export function standing(row, me) {
  if (row.spam) return { label: "Spam", state: "failed" }
  switch (row.state) {
    case "waiting": return { label: "Waiting for a person", state: "degraded" }
    case "human":
      return row.assigned_to?.id === me.id
        ? { label: "You have it", state: "ready" }
        : { label: `${row.assigned_to?.name ?? "A colleague"} has it`, state: "ready" }
    case "closed": return { label: "Closed", state: "" }
    default: return { label: "The assistant answers", state: "" }
  }
}

export function nameOf(row) {
  return row.visitor_name || row.contact?.name || row.title || "Visitor"
}

// Who said the last words, before them.
export function saidBy(role) {
  return { assistant: "Assistant: ", agent: "Staff: ", system: "" }[role] ?? ""
}

export function clockTime(at) {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })
}

export function fullTime(at) {
  return new Date(at).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" })
}

// "Today", "Yesterday", "22 Nov 2026": what parts the days of a transcript.
export function dayName(at, now = Date.now()) {
  if (sameDay(at, now)) return "Today"
  if (sameDay(at, now - DAY_MS)) return "Yesterday"
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })
}

export function sameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString()
}

function date(at, now) {
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric"
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year })
}

// The times that "snooze" offers, as [label, Unix ms].
export function snoozeTimes(now = Date.now()) {
  const at = (days, hour) => {
    const day = new Date(now)
    day.setDate(day.getDate() + days)
    day.setHours(hour, 0, 0, 0)
    return day.getTime()
  }
  const monday = (8 - new Date(now).getDay()) % 7 || 7
  const times = [["In one hour", now + HOUR_MS], ["In three hours", now + 3 * HOUR_MS]]
  if (new Date(now).getHours() < 16) times.push(["This evening, 18:00", at(0, 18)])
  times.push(["Tomorrow, 9:00", at(1, 9)])
  if (monday > 1) times.push(["Monday, 9:00", at(monday, 9)])
  return times
}

export function firstName(name) {
  return name.trim().split(/\s+/)[0] ?? ""
}

export function languageName(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code
  } catch {
    return code
  }
}
