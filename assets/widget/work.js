// Work that the server wants before a visit begins while many come at once: whole numbers whose hash (SHA-256) together with the
// challenge begins with enough zero bits. Computed here, not by crypto.subtle: pages without https have none, and for inputs as
// short as these it is slower. Between slices of a few ms the page goes on.

// ms
const SLICE = 12

// The constants of SHA-256 (FIPS 180-4): fractions of square and cube roots of the first primes.
const primes = []
for (let n = 2; primes.length < 64; n++) if (primes.every(prime => n % prime)) primes.push(n)
const fraction = root => (root % 1) * 2 ** 32 | 0
const START = primes.slice(0, 8).map(prime => fraction(Math.sqrt(prime)))
const ROUND = Int32Array.from(primes, prime => fraction(Math.cbrt(prime)))
const words = new Int32Array(64)

// The first 32 bits of the hash of 32 bytes and a number as 8 bytes.
function hash(seed, number) {
  const w = words
  w.set(seed)
  w.fill(0, 8, 16)
  w[9] = number
  w[10] = 1 << 31
  w[15] = 320
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2]
    w[i] = w[i - 16] + w[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10)
  }
  let [a, b, c, d, e, f, g, h] = START
  for (let i = 0; i < 64; i++) {
    const first = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + ROUND[i] + w[i] | 0
    const second = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0
    h = g
    g = f
    f = e
    e = d + first | 0
    d = c
    c = b
    b = a
    a = first + second | 0
  }
  return a + START[0] | 0
}

class Work {
  constructor(desk) { this.desk = desk }

  async solve() {
    const { desk } = this
    const { challenge, bits, count } = await (await desk.api("/challenge", { site: desk.attribute("site"), workspace: desk.attribute("workspace") })).json()
    const signature = challenge.slice(challenge.lastIndexOf(".") + 1)
    const seed = Int32Array.from({ length: 8 }, (_, i) => parseInt(signature.slice(i * 8, i * 8 + 8), 16) | 0)
    const solution = []
    for (let number = 0, until = performance.now() + SLICE; solution.length < count; number++) {
      if (Math.clz32(hash(seed, number)) >= bits) solution.push(number)
      if (number % 256 || performance.now() < until) continue
      await new Promise(go => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => { port1.close(); go() }
        port2.postMessage(0)
      })
      until = performance.now() + SLICE
    }
    return { challenge, solution }
  }
}
