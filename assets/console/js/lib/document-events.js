// One connection to the progress of all documents, shared by the islands of a page.
// Listeners get { document, name, stage: { stage, … } }. Ready and failed are remembered for
// listeners that learn the document's id only after it happened.
const target = new EventTarget()
const settled = new Map()
let source

export function onDocument(listener) {
  source ??= connect()
  target.addEventListener("progress", event => listener(event.detail))
}

export function settledProgress(document) {
  return settled.get(document)
}

export function forget(document) {
  settled.delete(document)
}

// After a lost connection the browser reconnects by itself; what was missed then has to be fetched.
export function onReconnect(listener) {
  target.addEventListener("reconnect", listener)
}

function connect() {
  const stream = new EventSource("/api/v1/documents/events")
  let lost = false
  stream.addEventListener("message", event => {
    const progress = JSON.parse(event.data)
    const { stage } = progress.stage
    if (stage === "ready" || stage === "failed") settled.set(progress.document, progress)
    else settled.delete(progress.document)
    target.dispatchEvent(new CustomEvent("progress", { detail: progress }))
  })
  stream.addEventListener("error", () => { lost = true })
  stream.addEventListener("open", () => {
    if (lost) target.dispatchEvent(new Event("reconnect"))
    lost = false
  })
  return stream
}

// What a stage is called, and how far it is (0 to 1, or undefined when nobody can tell).
export function describe(stage) {
  switch (stage.stage) {
    case "queued": return { state: "queued", label: "Waiting its turn" }
    case "reading": return { state: "indexing", label: "Reading" }
    case "looking":
      return {
        state: "indexing",
        label: `Reading the picture of page ${stage.page} (${stage.done} of ${stage.total} read)`,
        fraction: stage.total ? stage.done / stage.total : undefined,
      }
    case "embedding":
      return {
        state: "indexing",
        label: `Learning ${stage.done} of ${stage.total}`,
        fraction: stage.total ? stage.done / stage.total : undefined,
      }
    case "ready": return { state: "ready", label: "Ready" }
    default: return { state: "failed", label: "Failed" }
  }
}
