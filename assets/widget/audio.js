// The audio threads of the widget: one processor takes the microphone, one plays answers.
const OUT_RATE = 16000
const FRAME = 320 // 20 ms
const HALF = 8 // zero crossings of the filter on each side
const STEPS = 128 // positions between two samples that the filter is tabled for

// A windowed sinc: each output sample is a weighted sum of the input around its place.
class Resampler {
  constructor(from, to) {
    this.step = from / to
    const cutoff = Math.min(1, to / from) * 0.94
    this.reach = Math.ceil(HALF / cutoff)
    this.table = new Float32Array((2 * this.reach + 1) * STEPS + 1)
    for (let i = 0; i < this.table.length; i++) {
      const x = i / STEPS - this.reach - 0.5
      const edge = x / (this.reach + 0.5)
      const window = Math.abs(edge) >= 1 ? 0 : 0.5 + 0.5 * Math.cos(Math.PI * edge)
      const angle = Math.PI * cutoff * x
      this.table[i] = cutoff * window * (Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle)
    }
    this.same = from === to
    this.reset()
  }

  reset() {
    this.rest = new Float32Array(this.reach)
    this.at = this.reach
  }

  // What the input gives so far; the rest waits for more.
  push(input) {
    if (this.same) return input
    const all = new Float32Array(this.rest.length + input.length)
    all.set(this.rest)
    all.set(input, this.rest.length)
    const out = []
    let at = this.at
    for (; at + this.reach + 1.5 <= all.length; at += this.step) {
      const centre = Math.round(at)
      let sum = 0
      for (let i = Math.max(0, centre - this.reach); i <= centre + this.reach; i++) {
        sum += all[i] * this.table[Math.round((i - at + this.reach + 0.5) * STEPS)]
      }
      out.push(sum)
    }
    const cut = Math.max(0, Math.floor(at) - this.reach)
    this.rest = all.slice(cut)
    this.at = at - cut
    return Float32Array.from(out)
  }

  flush() { return this.same ? new Float32Array(0) : this.push(new Float32Array(this.reach + 2)) }
}

// Microphone → frames of 20 ms at 16 kHz with room for their number, and how loud they are.
class Capture extends AudioWorkletProcessor {
  constructor() {
    super()
    this.resampler = new Resampler(sampleRate, OUT_RATE)
    this.silent = false
    this.begin()
    this.port.onmessage = ({ data }) => { this.silent = data.silent }
  }

  begin() {
    this.frame = new ArrayBuffer(4 + FRAME * 2)
    this.samples = new Int16Array(this.frame, 4)
    this.filled = 0
    this.energy = 0
  }

  process([input]) {
    const channels = input.length
    if (!channels) return true
    let mono = input[0]
    if (channels > 1) {
      mono = mono.map((sample, i) => {
        let sum = sample
        for (let c = 1; c < channels; c++) sum += input[c][i]
        return sum / channels
      })
    }
    for (const sample of this.resampler.push(mono)) {
      const heard = this.silent ? 0 : Math.max(-1, Math.min(1, sample))
      this.energy += heard * heard
      this.samples[this.filled++] = heard * 32767
      if (this.filled < FRAME) continue
      this.port.postMessage({ frame: this.frame, level: Math.sqrt(this.energy / FRAME) }, [this.frame])
      this.begin()
    }
    return true
  }
}

// Answers → loudspeaker. Pause and clear take effect within one block of 128 samples.
class Playback extends AudioWorkletProcessor {
  constructor() {
    super()
    this.queue = [] // { answer, samples, at }
    this.gain = 1
    this.paused = false
    this.cleared = -1
    this.answer = -1 // being played
    this.played = 0 // of it, in samples
    this.ended = -1
    this.told = 0
    this.loud = false
    this.port.onmessage = ({ data }) => this[data.do](data)
  }

  pcm({ answer, rate, samples }) {
    if (answer <= this.cleared) return
    if (this.rate !== rate || this.of !== answer) {
      this.resampler = new Resampler(rate, sampleRate)
      this.rate = rate
      this.of = answer
    }
    const input = new Float32Array(samples.length)
    for (let i = 0; i < samples.length; i++) input[i] = samples[i] / 32768
    this.add(answer, this.resampler.push(input))
  }

  end({ answer }) {
    if (this.of === answer && answer > this.cleared) this.add(answer, this.resampler.flush())
    this.ended = answer
    this.empty()
  }

  add(answer, samples) {
    if (samples.length) this.queue.push({ answer, samples, at: 0 })
  }

  pause() { this.paused = true }
  resume() { this.paused = false }

  clear({ answer }) {
    this.cleared = Math.max(this.cleared, answer)
    // A block of it fades out; more is not kept.
    const tail = []
    const first = this.queue[0]
    if (first && first.answer <= answer && this.gain > 0 && !this.paused) {
      tail.push({ ...first, samples: first.samples.slice(first.at, first.at + 128), at: 0, last: true })
    }
    this.queue = tail.concat(this.queue.filter(part => part.answer > answer))
    this.paused = false
    this.tell()
  }

  process(_, [output]) {
    const out = output[0]
    const goal = this.paused ? 0 : 1
    if (goal || this.gain > 0) this.fill(out, goal)
    for (let c = 1; c < output.length; c++) output[c].set(out)
    if (this.loud && currentTime - this.told > 0.2) this.tell()
    return true
  }

  fill(out, goal) {
    const ramp = (goal - this.gain) / out.length
    let loud = false
    for (let i = 0; i < out.length; i++) {
      const part = this.queue[0]
      this.gain += ramp
      if (!part) continue
      if (part.answer !== this.answer) {
        this.answer = part.answer
        this.played = 0
      }
      const fade = part.last ? 1 - part.at / part.samples.length : 1
      out[i] = part.samples[part.at++] * this.gain * fade
      this.played++
      loud = true
      if (part.at >= part.samples.length) this.queue.shift()
    }
    this.gain = goal
    const fell = this.loud && !loud
    this.loud = loud
    if (fell) this.empty()
  }

  tell() {
    this.told = currentTime
    if (this.answer >= 0) this.port.postMessage({ answer: this.answer, ms: Math.round(this.played / sampleRate * 1000) })
  }

  // Nothing is left to play: say how far it went, and whether that was all.
  empty() {
    if (this.queue.length) return
    this.tell()
    if (this.ended >= this.answer) this.port.postMessage({ idle: true })
  }
}

registerProcessor("frontdesk-capture", Capture)
registerProcessor("frontdesk-playback", Playback)
