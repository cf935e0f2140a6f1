// Files by drop or by the picker, for any element that holds an <input type="file">.
export function acceptFiles(host, onfiles) {
  const input = host.querySelector("input[type=file]")
  let depth = 0
  const over = change => {
    depth = Math.max(0, depth + change)
    host.toggleAttribute("data-over", depth > 0)
  }

  input.addEventListener("change", () => {
    onfiles([...input.files])
    input.value = ""
  })
  host.addEventListener("dragenter", event => { event.preventDefault(); over(1) })
  host.addEventListener("dragleave", () => over(-1))
  host.addEventListener("dragover", event => event.preventDefault())
  host.addEventListener("drop", event => {
    event.preventDefault()
    over(-depth)
    onfiles([...event.dataTransfer.files])
  })
  // A file dropped beside the area must not replace the page.
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, event => event.preventDefault())
  }
}
