// Thumbs under an answer, and the way to its receipt. A second press takes the rating back.
import { request } from "./api.js"
import { el, icon } from "./dom.js"
import { announce, toast } from "./toast.js"

const SAID = { 1: "Rated good. Thank you.", [-1]: "Rated bad. The question is on the list of gaps.", 0: "The rating was removed." }

export function rating(receipt) {
  const url = `/api/v1/receipts/${encodeURIComponent(receipt)}/rating`
  let given = 0
  const thumb = (value, name, label) => el("button", {
    type: "button", class: "button button--quiet button--icon", "aria-pressed": "false", "aria-label": label, title: label,
    onclick: () => rate(given === value ? 0 : value),
  }, icon(name))
  const good = thumb(1, "thumb-up", "Good answer")
  const bad = thumb(-1, "thumb-down", "Bad answer")
  const show = () => {
    good.setAttribute("aria-pressed", String(given === 1))
    bad.setAttribute("aria-pressed", String(given === -1))
  }
  const rate = async value => {
    const before = given
    given = value
    show()
    try {
      if (value) await request("POST", url, { json: { value } })
      else await request("DELETE", url)
      announce(SAID[value])
    } catch (error) {
      given = before
      show()
      toast(error.message)
    }
  }
  return [
    el("a", { href: `/receipts/${encodeURIComponent(receipt)}` }, "Receipt"),
    el("span", { class: "answer__rate", role: "group", "aria-label": "Was this answer good?" }, good, bad),
  ]
}
