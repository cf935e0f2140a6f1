// The header: menus close like menus, the theme buttons work, and the number that waits is kept. The open tab is in view.
const openMenus = () => [...document.querySelectorAll("details[data-menu][open]")]

document.addEventListener("click", event => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false
})

document.addEventListener("keydown", event => {
  const [menu] = openMenus()
  if (event.key !== "Escape" || !menu) return
  event.preventDefault()
  menu.open = false
  menu.querySelector("summary").focus()
})

const buttons = document.querySelectorAll("[data-theme-choice]")

function show(choice) {
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice))
  }
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    const choice = button.dataset.themeChoice
    if (choice === "auto") {
      localStorage.removeItem("fd-theme")
      delete document.documentElement.dataset.theme
    } else {
      localStorage.setItem("fd-theme", choice)
      document.documentElement.dataset.theme = choice
    }
    show(choice)
  })
}

show(document.documentElement.dataset.theme ?? "auto")

// The number that waits, at the link to the inbox. An open inbox tells it to the console's other pages.
const badge = document.querySelector("[data-waiting]")
const channel = "BroadcastChannel" in window ? new BroadcastChannel("fd-waiting") : undefined

function count(waiting) {
  if (!badge) return
  badge.querySelector("[data-number]").textContent = String(waiting)
  badge.hidden = !waiting
}

channel?.addEventListener("message", event => count(Number(event.data) || 0))
document.addEventListener("fd:waiting", event => {
  count(event.detail)
  channel?.postMessage(event.detail)
})

const tab = document.querySelector(".tabs [aria-current]")
if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2

// Another tab went to another workspace: a form of this one would go there.
const workspace = document.body.dataset.workspace
if (workspace) {
  try {
    localStorage.setItem("workspace", workspace)
  } catch {
    // Without storage the tabs know nothing of each other.
  }
  addEventListener("storage", event => {
    if (event.key === "workspace" && event.newValue !== workspace) location.assign("/")
  })
}
