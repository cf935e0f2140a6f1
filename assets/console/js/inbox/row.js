// A conversation's row in the list. Words of visitors are text nodes only.
import { el, icon } from "../lib/dom.js"
import { CHANNELS, ago, fullTime, nameOf, saidBy, waits } from "./words.js"

const MOST_TAGS = 3

// `context` has `me`, `sla`, `href(row)`, `current` (id of the open one), `picked` (a Set), `presence(id)` and `draft(id)`.
export function draw(row, context) {
  const { me, sla, presence } = context
  const name = nameOf(row)
  const current = row.id === context.current
  const link = el("a", { class: "row__name", href: context.href(row), dir: "auto", "aria-current": current ? "true" : null }, name)
  const box = el("input", { type: "checkbox", "aria-label": `Select the conversation with ${name}`, "data-pick": true })
  box.checked = context.picked.has(row.id)
  return el("li", { class: `row${current ? " row--current" : ""}${row.unread ? " row--unread" : ""}`, "data-id": row.id },
    el("label", { class: "row__pick" }, box),
    el("div", { class: "row__what" },
      el("p", { class: "row__top" },
        row.unread ? el("span", { class: "row__new" }, el("span", { class: "visually-hidden" }, "New: ")) : null,
        link,
        row.online ? el("span", { class: "row__online", title: "Online" }, el("span", { class: "visually-hidden" }, "online")) : null,
        el("time", { class: "row__time numeric", datetime: new Date(row.last_at).toISOString(), title: fullTime(row.last_at) }, ago(row.last_at))),
      el("p", { class: "row__preview" },
        saidBy(row.preview_role), el("bdi", {}, row.preview || "Nothing was said yet")),
      marks(row, me, sla, presence(row.id), !current && context.draft(row.id))))
}

function marks(row, me, sla, presence, draft) {
  const late = waits(row, sla)
  const others = presence?.viewers.filter(viewer => viewer.id !== me.id) ?? []
  const typing = others.find(viewer => viewer.typing)
  const parts = [
    draft && el("span", { class: "row__mark" }, el("strong", {}, "Draft")),
    late && el("span", { class: `sla sla--${late.level}` }, icon(late.level === "over" ? "warning" : "clock"), late.text),
    row.state === "human" && mark("user", row.assigned_to?.id === me.id ? "You" : row.assigned_to?.name ?? "A colleague"),
    row.state !== "human" && row.assigned_to && mark("user", `For ${row.assigned_to.id === me.id ? "you" : row.assigned_to.name}`),
    row.identity && mark("check", "Verified"),
    row.team && mark("team", row.team.name),
    row.channel !== "chat" && mark(row.channel === "voice" ? "calls" : "machine", CHANNELS[row.channel] ?? row.channel),
    row.state === "closed" && mark("check", "Closed"),
    row.snoozed_until && row.snoozed_until > Date.now() && mark("snooze", `Until ${fullTime(row.snoozed_until)}`),
    presence?.visitor?.typing && mark("chat", "Visitor is typing"),
    presence?.composing && mark("chat", "Assistant is typing"),
    typing ? mark("chat", `${typing.name} is typing`) : others.length ? mark("eye", others.map(viewer => viewer.name).join(", ")) : null,
    ...row.tags.slice(0, MOST_TAGS).map(tag => el("span", { class: "tag" }, el("bdi", {}, tag))),
    row.tags.length > MOST_TAGS && el("span", { class: "tag" }, `${row.tags.length - MOST_TAGS} more`),
  ].filter(Boolean)
  return parts.length ? el("p", { class: "row__marks" }, ...parts) : null
}

function mark(name, text) {
  return el("span", { class: "row__mark" }, icon(name), el("bdi", {}, text))
}

// Whether a row that has just changed belongs into a view; undefined when only the server can tell.
export function belongs(row, query, me) {
  if (query.q || query.contact || query.view === "mentions" || query.state) return undefined
  if (query.channel && row.channel !== query.channel) return false
  if (query.tag && !row.tags.includes(query.tag)) return false
  if (query.team && row.team?.id !== query.team) return false
  if (query.assigned && row.assigned_to?.id !== query.assigned) return false
  if (row.merged_into) return false
  if (query.view === "spam") return row.spam
  if (row.spam) return false
  if (query.view === "closed") return row.state === "closed"
  if (row.state === "closed") return false
  const asleep = Boolean(row.snoozed_until && row.snoozed_until > Date.now())
  if (query.view === "snoozed") return asleep
  if (asleep) return false
  switch (query.view) {
    case "mine": return row.assigned_to?.id === me.id
    case "unassigned": return !row.assigned_to && row.state !== "open"
    case "waiting": return row.state === "waiting"
    default: return true
  }
}
