// <fd-password>: says while typing how strong the first password is and whether the second is the same.
const MIN = 10
const WORDS = ["Too short", "Could be stronger: add another word", "Good", "Strong"]

// 0 nothing, 1 too short, 2 weak, 3 good, 4 strong. Length counts most: that is what guessing costs.
export function strength(password) {
  if (!password) return 0
  if (password.length < MIN) return 1
  const different = new Set(password.toLowerCase()).size
  if (different < 6) return 2
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter(kind => kind.test(password)).length
  const points = password.length + 2 * kinds
  if (points >= 24) return 4
  return points >= 15 ? 3 : 2
}

class FdPassword extends HTMLElement {
  connectedCallback() {
    const [first, second] = this.querySelectorAll("input")
    const meter = this.querySelector("[data-meter]")
    const words = this.querySelector("[data-words]")
    const same = this.querySelector("[data-same]")
    const calm = words.textContent

    first.addEventListener("input", () => {
      const level = strength(first.value)
      meter.dataset.level = level
      words.textContent = level ? WORDS[level - 1] : calm
    })
    const compare = () => {
      const differs = second.value !== "" && first.value !== second.value
      second.setCustomValidity(differs ? "The two passwords are not the same." : "")
      same.textContent = differs ? "The two passwords are not the same yet." : ""
    }
    first.addEventListener("input", compare)
    second.addEventListener("input", compare)
  }
}

customElements.define("fd-password", FdPassword)
