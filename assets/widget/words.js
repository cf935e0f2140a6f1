// The widget's language: the line's data-language, else the page's, else the browser's. English is in this file; the server
// puts it, and the places of the other parts, in front.

const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"]

let words = ENGLISH
let language = "en"

const t = (key, values) => (words[key] ?? ENGLISH[key]).replace(/\{(\w+)\}/g, (_, name) => values?.[name] ?? "")

function chooseLanguage(wanted) {
  for (const tag of [wanted, document.documentElement.lang, ...navigator.languages || []]) {
    const code = (tag || "").toLowerCase().split(/[-_]/)[0]
    if (code === "en" || PARTS.languages[code]) return code
  }
  return "en"
}

// Without its file the widget speaks English.
async function speak(wanted) {
  const code = chooseLanguage(wanted)
  if (code === language) return
  try {
    words = code === "en" ? ENGLISH : await (await call(HOME + PARTS.languages[code])).json()
    language = code
  } catch {
    words = ENGLISH
    language = "en"
  }
}

const loaded = new Map()

// A part that is fetched when it is used. It gets what it needs of this file.
function part(name) {
  if (!loaded.has(name)) {
    const loading = import(HOME + PARTS[name]).then(module => module.default(KIT), () => { loaded.delete(name); throw new Problem(t("lost")) })
    loaded.set(name, loading)
  }
  return loaded.get(name)
}
