// An answer as nodes: paragraphs, lists, bold, and [1] as buttons. Everything else stays text: no
// links, no images, no HTML, whatever the model writes.
import { el } from "./dom.js"

const INLINE = /\*\*(.+?)\*\*|\[(\d{1,2})\]/g

export class AnswerText {
  #blocks = []

  // `cite(number)` gives a node for a citation, or null for a number that was never cited.
  constructor(host, cite) {
    this.host = host
    this.cite = cite
  }

  // Redraws only the blocks that changed, so that a focused citation keeps the focus.
  draw(text, final = false) {
    const sources = blocks(final ? text : withoutOpenMark(text))
    sources.forEach((source, index) => {
      const old = this.#blocks[index]
      if (old?.source === source) return
      const node = this.#block(source)
      if (old) old.node.replaceWith(node)
      else this.host.append(node)
      this.#blocks[index] = { source, node }
    })
    for (const { node } of this.#blocks.splice(sources.length)) node.remove()
  }

  redraw(text) {
    this.#blocks = []
    this.host.replaceChildren()
    this.draw(text, true)
  }

  #block(source) {
    const lines = source.split("\n")
    if (lines.every(line => /^\s*([-*•]|\d+[.)])\s+/.test(line))) {
      return el("ul", {}, ...lines.map(line => el("li", {}, ...this.#inline(line.replace(/^\s*([-*•]|\d+[.)])\s+/, "")))))
    }
    const nodes = lines.flatMap((line, index) => index ? [el("br"), ...this.#inline(line)] : this.#inline(line))
    return el("p", {}, ...nodes)
  }

  #inline(text) {
    const nodes = []
    let from = 0
    for (const match of text.matchAll(INLINE)) {
      const [whole, bold, number] = match
      const node = bold === undefined ? this.cite(Number(number)) : el("strong", {}, ...this.#inline(bold))
      if (!node) continue
      nodes.push(text.slice(from, match.index), node)
      from = match.index + whole.length
    }
    nodes.push(text.slice(from))
    return nodes.filter(node => node !== "")
  }
}

// Blank lines part blocks; a list after a paragraph is a block of its own.
function blocks(text) {
  const out = []
  for (const part of text.trim().split(/\n\s*\n/)) {
    let run = []
    let listed
    for (const line of part.split("\n").filter(line => line.trim())) {
      const item = /^\s*([-*•]|\d+[.)])\s+/.test(line)
      if (run.length && item !== listed) { out.push(run.join("\n")); run = [] }
      listed = item
      run.push(line)
    }
    if (run.length) out.push(run.join("\n"))
  }
  return out
}

// While streaming, "[", "[1" or "**bol" at the end may still become a mark: hold it back.
function withoutOpenMark(text) {
  return text.replace(/\[\d{0,2}$/, "").replace(/\*{1,2}$/, "")
}
