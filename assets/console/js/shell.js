// The header: the user menu closes like a menu, and the theme buttons work.
const menu = document.querySelector("[data-menu]")

document.addEventListener("click", event => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false
})

document.addEventListener("keydown", event => {
  if (event.key !== "Escape" || !menu?.open) return
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
