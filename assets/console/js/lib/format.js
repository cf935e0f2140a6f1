// Numbers and times as people write them. All pure.
export function bytes(count) {
  if (count < 1000) return `${count} bytes`
  const units = ["KB", "MB", "GB"]
  let value = count
  let unit = -1
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1 }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

export function duration(ms) {
  if (ms < 950) return `${Math.max(1, Math.round(ms))} ms`
  if (ms < 59_500) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`
}

// 75.5 → "1:15"; 3675 → "1:01:15".
export function clock(seconds) {
  const whole = Math.floor(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = n => String(n).padStart(2, "0")
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

// SubRip: number, time range with a decimal comma, text, blank line.
export function subRip(segments) {
  return segments.map((segment, index) =>
    `${index + 1}\n${subRipTime(segment.start)} --> ${subRipTime(segment.end)}\n${segment.text.trim()}\n`
  ).join("\n")
}

function subRipTime(seconds) {
  const ms = Math.round(seconds * 1000)
  const two = n => String(Math.floor(n)).padStart(2, "0")
  return `${two(ms / 3_600_000)}:${two(ms / 60_000 % 60)}:${two(ms / 1000 % 60)},${String(ms % 1000).padStart(3, "0")}`
}
