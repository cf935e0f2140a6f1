// One entry of a transcript: what a visitor, the assistant or staff said, a notice, a private note, a message on its way.
import { AnswerText } from "../lib/answer-text.js"
import { el, icon } from "../lib/dom.js"
import { bytes } from "../lib/format.js"
import { clockTime, fullTime } from "./words.js"

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"]
const FILES = "/api/v1/attachments/"

function time(at) {
  return el("time", { class: "msg__time numeric", datetime: new Date(at).toISOString(), title: fullTime(at) }, clockTime(at))
}

// `context` has me, visitor (a name), approve(message), translate(message), and translations by the id of their message.
export function drawMessage(message, context) {
  if (message.role === "system") {
    return el("li", { class: "event", "data-id": message.id }, el("span", { dir: "auto" }, message.text), time(message.created_at))
  }
  const who = {
    user: () => context.visitor,
    assistant: () => "Assistant",
    agent: () => message.author?.id === context.me.id ? "You" : message.author?.name ?? "A former colleague",
  }[message.role]?.() ?? message.role
  const text = el("div", { class: "msg__text", dir: "auto" })
  if (message.role === "assistant") writeAnswer(text, message)
  else text.textContent = message.text
  return el("li", { class: `msg msg--${message.role}`, "data-id": message.id },
    el("p", { class: "msg__who" }, el("bdi", {}, who), time(message.created_at)),
    message.text ? text : null,
    translated(context.translations?.get(message.id)),
    files(message.attachments),
    foot(message, context))
}

// Citations lead to the receipt, where the quoted words stand.
function writeAnswer(host, message) {
  const receipt = message.receipt && `/receipts/${encodeURIComponent(message.receipt)}`
  new AnswerText(host, number => receipt
    ? el("a", { class: "cite", href: `${receipt}#cited-${number}`, "aria-label": `Source ${number}` }, String(number))
    : null).draw(message.text, true)
}

function files(list) {
  if (!list?.length) return null
  return el("ul", { class: "files" }, ...list.map(file => {
    const href = FILES + encodeURIComponent(file.id)
    const picture = PICTURES.includes(file.media_type)
    return el("li", {}, el("a", { class: `file${picture ? " file--picture" : ""}`, href, download: picture ? null : file.name, target: picture ? "_blank" : null, rel: picture ? "noopener" : null },
      picture ? el("img", { src: href, alt: "", loading: "lazy" }) : icon("attach"),
      el("span", {}, el("bdi", {}, file.name), el("span", { class: "muted numeric" }, ` ${bytes(file.bytes)}`))))
  }))
}

// A machine's words are never shown without saying so.
function translated(found) {
  if (!found) return null
  return el("div", { class: "msg__translated" }, el("p", { class: "muted" }, icon("spark"), "Machine translation"), el("div", { class: "msg__text", dir: "auto", lang: found.to }, found.text))
}

function foot(message, { approve, translate, translations }) {
  const parts = []
  if (message.state === "interrupted") parts.push(el("span", { class: "msg__problem" }, "Broken off"))
  if (message.state === "failed") parts.push(el("span", { class: "msg__problem" }, "No answer could be given"))
  if (message.receipt) parts.push(el("a", { href: `/receipts/${encodeURIComponent(message.receipt)}` }, "Receipt"))
  if (message.role === "agent" && message.text) {
    parts.push(el("button", { type: "button", class: "link", onclick: () => approve(message) }, "Keep as an approved answer"))
  }
  if (message.role === "user" && message.text && !translations?.has(message.id)) {
    parts.push(el("button", { type: "button", class: "link", onclick: event => { event.target.disabled = true; translate(message).finally(() => { event.target.disabled = false }) } }, "Translate"))
  }
  return parts.length ? el("p", { class: "msg__foot" }, ...parts) : null
}

export function drawNote(note, { me, people }) {
  return el("li", { class: "note", "data-id": note.id },
    el("p", { class: "msg__who" }, icon("lock"), note.author?.id === me.id ? "Your private note" : el("span", {}, "Private note of ", el("bdi", {}, note.author?.name ?? "a former colleague")), time(note.created_at)),
    el("div", { class: "msg__text", dir: "auto" }, ...mentioned(note, people)))
}

// "@Ana Silva" in bold where a colleague of that name was called.
function mentioned({ text, mentions }, people) {
  const named = id => people.find(one => one.id === id)?.name
  const names = (mentions ?? []).map(one => one.name ?? named(one)).filter(Boolean).map(name => `@${name}`)
  if (!names.length) return [text]
  const pattern = new RegExp(`(${names.map(name => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi")
  return text.split(pattern).map((part, index) => index % 2 ? el("strong", { class: "mention" }, part) : part)
}

// A message that the server has not confirmed yet. `on` has again, drop and takeAndSend.
export function drawWaiting(item, on) {
  const note = item.kind === "note"
  const text = { sending: "Sending", stored: "Sent", waiting: "No connection. It is sent as soon as it is back.", failed: item.error ?? "It was not sent." }[item.state]
  const button = (label, act) => el("button", { type: "button", class: "button button--small", onclick: () => act(item) }, label)
  return el("li", { class: note ? "note note--waiting" : "msg msg--agent msg--waiting", "data-state": item.state },
    el("p", { class: "msg__who" }, note ? icon("lock") : null, note ? "Your private note" : "You", time(item.at)),
    item.text ? el("div", { class: "msg__text", dir: "auto" }, item.text) : null,
    item.files?.length ? el("p", { class: "msg__foot" }, icon("attach"), item.files.map(file => file.name).join(", ")) : null,
    el("p", { class: "msg__foot", role: item.state === "failed" ? "alert" : null },
      item.state === "failed" ? icon("warning") : null,
      el("span", { class: item.state === "failed" ? "msg__problem" : null }, text),
      item.state === "failed" && item.taken ? button("Take it and send", on.takeAndSend) : null,
      item.state === "failed" && !item.taken ? button("Try again", on.again) : null,
      item.state === "failed" ? button("Put back into the box", on.drop) : null))
}
