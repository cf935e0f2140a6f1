// The nodes of the widget: the button in the corner, the panel, the bar of the console.

function buildBar(desk) {
  desk.talkButton = button("phone", t("talk"), () => desk.speech(talk => talk.dial()), "edge")
  desk.noteButton = button("note", t("note"), () => desk.speech(talk => talk.note()))
  desk.news = el("p", { class: "tiny", role: "status", "aria-live": "polite" })
  desk.slot = el("div")
  desk.root.append(desk.panel = el("div", { class: "panel" }, desk.slot, el("div", { class: "row" }, desk.talkButton, desk.noteButton), desk.news))
}

function buildChat(desk) {
  const { element, float } = desk
  const direction = { dir: RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr", lang: language }
  desk.logo = false
  desk.heading = el("bdi", {}, element.getAttribute("title-text") || "")
  desk.personButton = button("person", t("person"), () => desk.person())
  desk.menuButton = button("more", t("more"), () => openMenu(desk))
  desk.menuButton.setAttribute("aria-expanded", "false")
  desk.head = el("header", {}, el("h2", { id: "t" }, desk.heading), desk.personButton, desk.menuButton)
  if (float) desk.head.append(button("close", t("close"), () => desk.close()))
  desk.menu = el("div", { class: "menu", hidden: true, role: "group", "aria-label": t("more") })
  desk.banner = el("p", { class: "bar", hidden: true })
  desk.offline = el("p", { class: "bar lost", role: "status", hidden: true })
  desk.typer = el("p", { class: "typer", hidden: true })
  desk.slot = el("div")
  desk.sheets = el("div", { class: "sheets" })
  desk.news = el("p", { class: "tiny", role: "status", "aria-live": "polite" })
  const panel = desk.panel = el("section", { class: "panel", role: float ? "dialog" : "region", "aria-labelledby": "t", hidden: float, ...direction },
    desk.head, desk.menu, desk.offline, desk.banner, desk.log.build(), desk.typer, desk.slot, desk.sheets, buildComposer(desk), desk.news)
  desk.root.append(panel)
  if (!float) return
  const label = element.getAttribute("label") || t("open")
  desk.launch = button("chat", label, () => panel.hidden ? desk.open() : desk.close(), "launch")
  desk.launch.append(desk.badge = el("span", { class: "badge", "aria-hidden": "true" }))
  desk.launch.setAttribute("aria-expanded", "false")
  desk.teaser = el("div", { class: "teaser", hidden: true, ...direction })
  for (const [name, value] of Object.entries(direction)) desk.launch.setAttribute(name, value)
  desk.root.append(desk.teaser, desk.launch)
}

function buildComposer(desk) {
  const submit = () => {
    const text = desk.box.value.trim()
    desk.box.focus()
    if (!text || desk.gate) return
    desk.box.value = ""
    if (desk.talk?.say(text)) return
    desk.send(text)
  }
  desk.box = el("textarea", { rows: "1", dir: "auto", maxlength: "4000", placeholder: t("write"), "aria-label": t("your_message"), oninput: () => desk.typed(), onkeydown: event => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    submit()
  } })
  const picker = el("input", { type: "file", class: "tiny", multiple: true, tabindex: "-1", "aria-hidden": "true", onchange: () => {
    const files = [...picker.files]
    picker.value = ""
    if (files.length) desk.more(more => more.upload(files))
  } })
  desk.clip = button("clip", t("attach"), () => picker.click())
  desk.clip.hidden = true
  desk.noteButton = button("note", t("note"), () => desk.speech(talk => talk.note()))
  desk.talkButton = button("phone", t("talk"), () => desk.speech(talk => talk.dial()), "fill")
  desk.noteButton.hidden = desk.talkButton.hidden = true
  const send = el("button", { type: "submit", "aria-label": t("send"), title: t("send") }, icon("send"))
  return desk.composer = el("form", { class: "composer", onsubmit: event => { event.preventDefault(); submit() } }, desk.clip, picker, desk.box, send, desk.noteButton, desk.talkButton)
}

async function openMenu(desk) {
  const shown = desk.menu.hidden
  desk.menuButton.setAttribute("aria-expanded", String(shown))
  desk.menu.hidden = !shown
  if (!shown) return
  await desk.begin().catch(error => desk.fail(error))
  if (!desk.visit) return
  await desk.more(more => desk.menu.replaceChildren(...more.menu().map(([name, act]) => worded(t(name), () => {
    desk.menu.hidden = true
    desk.menuButton.setAttribute("aria-expanded", "false")
    desk.menuButton.focus()
    act()
  }, ""))))
  desk.menu.firstChild?.focus()
}
