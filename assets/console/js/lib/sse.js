// Reads server-sent events from a fetch response, which EventSource cannot do for a POST.
// Yields { event, data } with `data` parsed as JSON.
export async function* serverEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  try {
    while (true) {
      const { value, done } = await reader.read()
      if (done) return
      rest = (rest + value).replace(/\r\n?/g, "\n")
      let end
      while ((end = rest.indexOf("\n\n")) >= 0) {
        const message = parse(rest.slice(0, end))
        rest = rest.slice(end + 2)
        if (message) yield message
      }
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

function parse(block) {
  let event = "message"
  const data = []
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim()
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""))
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null
}
