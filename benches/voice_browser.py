#!/usr/bin/env python3
"""Voice to voice in a real browser.

Starts a server with an empty data folder, uploads documents, lets the server itself speak the questions into
one WAV, and gives that WAV to headless Chromium as its microphone. The page embeds the widget; an audio worklet
taps the microphone and the loudspeaker on one clock. Measured from these taps:

  voice to voice   from the last sample of a question to the first audible sample of its answer
  first sound      the same to the first sound at all, which may be "one moment"
  barge-in         from the first sample of an interruption until the loudspeaker is silent

Usage:  python3 benches/voice_browser.py [--binary target/release/frontdesk] [--turns 50] [--docs FOLDER]
            [--questions FILE] [--gap 9.5] [--barge-every 5] [--config KEY=VALUE ...] [--json FILE]

Needs Chromium, its driver and the models (`frontdesk models get --starter`); Python's standard library only.
The default questions belong to the demo business (`assets/demo`). Output latency of the sound device is not in
the figures; it is printed beside them.
"""
import argparse
import http.server
import json
import os
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import wave
from http.cookiejar import CookieJar
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RATE = 48_000
LEAD = 9.0  # seconds of silence first: connecting and the greeting
QUIET = 0.004  # RMS of a block below which the loudspeaker counts as silent
BLOCK = 0.01  # seconds of a block

QUESTIONS = [
    "How much does a full service cost?",
    "When are you open on Saturday?",
    "How long does a repair take?",
    "Do you repair electric bikes?",
    "What is your cancellation policy?",
    "How can I pay?",
    "Where can I find you?",
    "Do you rent bicycles?",
    "How much is a new inner tube?",
    "Do I need an appointment?",
]
# Answered word for word, by the FAQ rung; asked between the others.
FAQ = [
    ("Do you sell gift vouchers?", "Yes, we sell gift vouchers of any amount at the counter."),
    ("Is there parking near the shop?", "Yes, you can park free of charge behind the shop for two hours."),
    ("Can I leave my bike overnight?", "Yes, we keep your bicycle inside overnight, and it is insured there."),
    ("Do you speak Spanish?", "Yes, Marta speaks Spanish and is here from Tuesday to Friday."),
    ("Do you buy used bikes?", "No, we do not buy used bicycles, but we take them in part exchange."),
]
QUICK = ("faq", "fact", "talk", "extract")
INTERRUPTION = "Sorry, stop, another question please. "

PAGE = """<!doctype html><meta charset="utf-8"><title>bench</title>
<script src="/page.js"></script><script src="%s/widget.js" data-site="%s" async></script><body>"""

# Runs before the widget: it sees the socket's messages and taps the sound.
PAGE_JS = r"""
window.bench = { events: [], blocks: [], clock: [], error: null }
const Socket = window.WebSocket
window.WebSocket = class extends Socket {
  constructor(...rest) {
    super(...rest)
    const seen = new Set()
    this.addEventListener("message", ({ data }) => {
      if (typeof data === "string") return bench.events.push([performance.now(), JSON.parse(data)])
      const answer = new DataView(data).getUint32(0, true)
      if (!seen.has(answer)) { seen.add(answer); bench.events.push([performance.now(), { type: "audio", answer }]) }
    })
    this.addEventListener("close", ({ code, reason }) => bench.events.push([performance.now(), { type: "closed", code, reason }]))
  }
  send(data) {
    if (typeof data === "string") bench.events.push([performance.now(), { ...JSON.parse(data), sent: true, token: undefined }])
    super.send(data)
  }
}
const TAP = `
registerProcessor("tap", class extends AudioWorkletProcessor {
  constructor() { super(); this.size = Math.round(sampleRate * 0.01); this.count = 0; this.sum = [0, 0]; this.out = [] }
  process(inputs) {
    this.start ??= currentFrame
    for (let i = 0; i < 128; i++) {
      for (let c = 0; c < 2; c++) { const s = inputs[c][0] ? inputs[c][0][i] : 0; this.sum[c] += s * s }
      if (++this.count < this.size) continue
      this.out.push(Math.sqrt(this.sum[0] / this.size), Math.sqrt(this.sum[1] / this.size))
      this.count = 0; this.sum = [0, 0]
    }
    if (this.out.length >= 100) { this.port.postMessage({ start: this.start, blocks: this.out }); this.out = []}
    return true
  }
})`
document.addEventListener("frontdesk-audio", async ({ detail: { context, microphone, speaker } }) => {
  try {
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([TAP], { type: "text/javascript" })))
    const tap = new AudioWorkletNode(context, "tap", { numberOfInputs: 2, numberOfOutputs: 1, channelCount: 1, channelCountMode: "explicit" })
    microphone.connect(tap, 0, 0)
    speaker.connect(tap, 0, 1)
    tap.connect(context.destination)
    tap.port.onmessage = ({ data }) => {
      bench.first ??= data.start / context.sampleRate
      bench.blocks.push(...data.blocks)
      bench.clock.push([performance.now(), context.currentTime])
      bench.latency = context.outputLatency
    }
  } catch (error) { bench.error = String(error) }
})
document.addEventListener("frontdesk-problem", ({ detail }) => { bench.error = detail.message })
"""


class Driver:
    """The little of W3C WebDriver that is needed."""

    def __init__(self, wav=None, chromium="/usr/bin/chromium", chromedriver="/usr/bin/chromedriver", more=()):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen([chromedriver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                self.base = f"http://127.0.0.1:{found[1]}"
                break
        else:
            raise SystemExit("chromedriver did not start")
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={self.profile.name}", *more]
        if wav:
            args += ["--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream",
                     "--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={wav}%noloop"]
        options = {"binary": chromium, "args": args}
        try:
            made = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        except BaseException:
            self.process.kill()
            raise
        self.session = "/session/" + made["sessionId"]

    def ask(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"content-type": "application/json"}, method=method)
        try:
            return json.load(urllib.request.urlopen(request, timeout=120))["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit("browser: " + json.load(error)["value"]["message"][:500])

    def open(self, url):
        self.ask("POST", self.session + "/url", {"url": url})

    def js(self, script, *args):
        return self.ask("POST", self.session + "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, script, seconds=30, what="the page"):
        """Until a script returns something that counts as true; what it returned."""
        until = time.time() + seconds
        while True:
            found = self.js(script)
            if found:
                return found
            if time.time() > until:
                raise SystemExit(f"waited {seconds} s for {what}")
            time.sleep(0.05)

    def click(self, script):
        element = self.js(script)
        self.ask("POST", f"{self.session}/element/{list(element.values())[0]}/click")

    def close(self):
        try:
            self.ask("DELETE", self.session)
        except (Exception, SystemExit):
            pass
        self.process.terminate()
        self.process.wait()


# Whoever ends the script from outside ends what it started, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

OWNER = {"email": "ines@marlow.example", "password": "four plain words here"}


class Server:
    """A server of its own, with an owner who is signed in."""

    def __init__(self, binary, config=(), business="Marlow Street Bicycles"):
        self.binary, self.data, self.environment = binary, tempfile.TemporaryDirectory(ignore_cleanup_errors=True), dict(os.environ)
        for pair in config:
            key, value = pair.split("=", 1)
            self.environment["FRONTDESK_" + key.upper().replace(".", "_")] = value
        told = self.start()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        token = urllib.parse.parse_qs(urllib.parse.urlparse(told["setup_link"]).query)["token"][0]
        form = {"token": token, "business": business, "name": "Ines", "email": OWNER["email"],
                "password": OWNER["password"], "password_again": OWNER["password"], "open": "1"}
        self.send("/setup", urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")
        self.site = json.loads(self.send("/api/v1/widget"))["site"]

    def start(self, listen="127.0.0.1:0"):
        """Starts the process; its line that says where it listens."""
        self.process = subprocess.Popen([self.binary, "serve", "--json", "--listen", listen, "--data", self.data.name],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment)
        line = next((line for line in self.process.stdout if line.startswith("{")), None)
        if not line:
            raise SystemExit(f"the server ended at once: {self.process.wait()}")
        threading.Thread(target=lambda out: [None for _ in out], args=(self.process.stdout,), daemon=True).start()
        told = json.loads(line)
        self.address = told["address"]
        return told

    def kill(self):
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def send(self, path, body=None, kind="application/json", method=None):
        headers = {"content-type": kind, "origin": self.address, "accept": "application/json"}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            return self.opener.open(request, timeout=300).read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.code} {error.read().decode()[:500]}")

    def upload(self, paths):
        for path in paths:
            head = f'--bench\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
            body = head.encode() + path.read_bytes() + b"\r\n--bench--\r\n"
            self.send("/api/v1/documents", body, "multipart/form-data; boundary=bench")

    def approve(self, pairs):
        for question, answer in pairs:
            body = {"questions": [question], "answer": answer, "state": "approved"}
            self.send("/api/v1/faqs", json.dumps(body).encode())

    def wait_ready(self, seconds=300):
        until = time.time() + seconds
        while time.time() < until:
            documents = json.loads(self.send("/api/v1/documents")).get("documents", [])
            visit = json.loads(self.send("/api/v1/visit", json.dumps({"site": self.site}).encode()))
            states = {d.get("state") for d in documents}
            if documents and states <= {"ready", "failed"} and visit["voice"]["enabled"] and self.answers():
                return
            time.sleep(1)
        raise SystemExit("the server was not ready in time; are the models there? See /status")

    def answers(self):
        try:
            return urllib.request.urlopen(self.address + "/readyz", timeout=10).status == 200
        except urllib.error.HTTPError:
            return False

    def speak(self, text):
        body = json.dumps({"model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav"}).encode()
        return samples(self.send("/v1/audio/speech", body))

    def close(self):
        self.process.terminate()
        self.process.wait(30)


def samples(data):
    """16-bit samples at RATE of a WAV, by linear interpolation; enough for ears that take 16 kHz."""
    # A streamed WAV may not know its length: read the header by hand.
    rate = struct.unpack_from("<I", data, 24)[0]
    start = data.index(b"data") + 8
    raw = data[start:start + (len(data) - start) // 2 * 2]
    sound = struct.unpack(f"<{len(raw) // 2}h", raw)
    count = int(len(sound) * RATE / rate)
    out = []
    for n in range(count):
        at = n * rate / RATE
        i = int(at)
        part = at - i
        after = sound[min(i + 1, len(sound) - 1)]
        out.append(int(sound[i] * (1 - part) + after * part))
    return trim(out)


def trim(sound, threshold=300):
    """Without silence at the ends."""
    loud = [n for n, s in enumerate(sound) if abs(s) > threshold]
    return sound[loud[0]:loud[-1] + 1] if loud else []


def build(server, questions, turns, gap, barge_every, path):
    """Writes the microphone's WAV; the schedule in seconds."""
    spoken, schedule, track = {}, [], [0] * int(LEAD * RATE)
    interruption = server.speak(INTERRUPTION) if barge_every else []
    for n in range(turns):
        question = questions[n % len(questions)]
        barges = barge_every and n % barge_every == barge_every - 1
        if question not in spoken:
            spoken[question] = server.speak(question)
        sound = spoken[question]
        start = len(track) / RATE
        track += sound
        schedule.append({"question": question, "start": start, "end": len(track) / RATE, "barge": False})
        if barges:
            # While the answer is being spoken, most likely.
            track += [0] * int(3.5 * RATE)
            start = len(track) / RATE
            track += interruption
            schedule.append({"question": INTERRUPTION, "start": start, "end": len(track) / RATE, "barge": True})
        track += [0] * int(gap * RATE)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(track)}h", *track))
    return schedule, len(track) / RATE


def serve_page(server, page=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            js = self.path == "/page.js"
            body = (PAGE_JS if js else page or PAGE % (server.address, server.site)).encode()
            self.send_response(200)
            self.send_header("content-type", "text/javascript" if js else "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    return f"http://localhost:{pages.server_port}/"


def talk(driver, page, seconds):
    driver.open(page)
    shadow = 'return document.querySelector("frontdesk-widget")?.shadowRoot?.querySelector("%s")'
    until = time.time() + 30
    while not driver.js(shadow % ".launch"):
        if time.time() > until:
            raise SystemExit("the widget did not load")
        time.sleep(0.2)
    driver.click(shadow % ".launch")
    until = time.time() + 20
    while driver.js(shadow % "form [aria-label='Talk to us']" + "?.disabled !== false"):
        if time.time() > until:
            raise SystemExit("talking is not offered: " + str(driver.js("return bench.error")))
        time.sleep(0.2)
    driver.click(shadow % "form [aria-label='Talk to us']")
    until = time.time() + seconds + 5
    while time.time() < until:
        time.sleep(2)
        closed = driver.js('return bench.error || bench.events.some(([, e]) => e.type === "closed") && "closed"')
        if closed:
            print("the call ended early:", closed, file=sys.stderr)
            break
    return driver.js("return bench")


def onset(levels, threshold, begin, end):
    """First block in a span that is over the threshold, and so is one of the two after it."""
    for n in range(max(0, begin), min(end, len(levels) - 2)):
        if levels[n] > threshold and max(levels[n + 1], levels[n + 2]) > threshold:
            return n
    return None


def analyse(seen, schedule, modelled=()):
    """The turns with their times in ms, from the taps."""
    microphone, speaker = seen["blocks"][0::2], seen["blocks"][1::2]
    loud = max(0.01, 0.15 * max(microphone or [0]))
    first = onset(microphone, loud, 0, len(microphone))
    if first is None:
        raise SystemExit("the microphone was silent: " + str(seen["error"]))
    shift = first * BLOCK - schedule[0]["start"]
    offset = statistics.median(t / 1000 - c for t, c in seen["clock"])
    at = lambda ms: (ms / 1000 - offset - seen["first"])  # page time → seconds on the tap's clock
    events = [(at(t), e) for t, e in seen["events"]]
    # When the first sample of each answer was played, by what the player reported.
    began = {}
    for t, e in events:
        if e.get("sent") and e["type"] == "played" and e["ms"] > 0:
            start = t - e["ms"] / 1000 - (seen.get("latency") or 0)
            began[e["answer"]] = min(began.get(e["answer"], start), start)
    turns = []
    for n, planned in enumerate(schedule):
        until = schedule[n + 1]["start"] + shift if n + 1 < len(schedule) else len(speaker) * BLOCK
        start, end = planned["start"] + shift, planned["end"] + shift
        blocks = range(int((start - 0.1) / BLOCK), min(int((end + 0.25) / BLOCK), len(microphone)))
        spoken = [b for b in blocks if microphone[b] > loud * 0.3]
        if not spoken:
            turns.append({**planned, "missed": True})
            continue
        end = (spoken[-1] + 1) * BLOCK
        turn = dict(planned, heard=None, rung=None)
        begin = spoken[0]
        # Whoever speaks while an answer is audible breaks in, whether it was planned or the answer was long.
        # An answer that ended within the pause was not broken off: only those that were cleared count.
        cleared = any(e["type"] == "clear" and start - 0.1 <= t < end + 0.5 for t, e in events)
        if cleared:
            was_loud = max(speaker[max(0, begin - 15):begin + 5] or [0]) > QUIET
            if was_loud:
                quiet = next((b for b in range(begin, len(speaker) - 15) if max(speaker[b:b + 15]) <= QUIET), None)
                turn["silent_ms"] = round(((quiet or len(speaker)) - begin) * BLOCK * 1000)
        answers = sorted((t, e["answer"]) for t, e in events if e["type"] == "audio" and end - 0.3 <= t < until)
        for t, e in events:
            if end - 1.0 <= t < until and e["type"] == "heard":
                turn["heard"] = e["text"]
            if end <= t < until and e["type"] == "answer" and e["turn"] and not turn["rung"]:
                turn["rung"], turn["turn"] = e["rung"], e["turn"]
        sound = onset(speaker, QUIET, int(end / BLOCK), int(until / BLOCK))
        if sound is not None:
            turn["first_sound_ms"] = round((sound * BLOCK - end) * 1000)
        if answers:
            # A filler has a number of its own, before the answer's.
            answer = answers[-1][1]
            begin = max(end, began.get(answer, answers[-1][0]) - 0.06)
            audible = onset(speaker, QUIET, int(begin / BLOCK), int(until / BLOCK))
            if audible is not None:
                turn["voice_to_voice_ms"] = round((audible * BLOCK - end) * 1000)
        if turn.get("turn") in modelled and turn["rung"] != "model":
            turn["rung"] += " by model"
        turns.append(turn)
    return turns


def figures(values):
    if not values:
        return "     -      -      -"
    values = sorted(values)
    at = lambda p: values[min(len(values) - 1, int(p * len(values)))]
    return f"{at(0.5):6} {at(0.95):6} {values[-1]:6}"


def report(turns, latency):
    print(f"\n{'':28}     n    p50    p95    max (ms)")
    asked = [t for t in turns if not t["barge"]]
    rungs = sorted({t.get("rung") or "none" for t in asked})
    for name, key in [("voice to voice", "voice_to_voice_ms"), ("first sound", "first_sound_ms")]:
        for rung in ["all"] + rungs:
            found = [t[key] for t in asked if key in t and rung in ("all", t.get("rung") or "none")]
            print(f"{name + ', ' + rung:28}{len(found):6} {figures(found)}")
    barge = [t["silent_ms"] for t in turns if "silent_ms" in t]
    quick = [t["voice_to_voice_ms"] for t in asked if t.get("rung") in QUICK and "voice_to_voice_ms" in t]
    print(f"{'voice to voice, no model':28}{len(quick):6} {figures(quick)}")
    print(f"{'barge-in to silence':28}{len(barge):6} {figures(barge)}")
    unanswered = [t["question"] for t in asked if "voice_to_voice_ms" not in t]
    print(f"\nturns {len(asked)}, without an audible answer {len(unanswered)}; output latency of the device {round((latency or 0) * 1000)} ms")
    for question in unanswered:
        print("  no answer:", question)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default=str(ROOT / "target/release/frontdesk"))
    options.add_argument("--turns", type=int, default=50)
    options.add_argument("--gap", type=float, default=9.5, help="seconds of silence after a question")
    options.add_argument("--barge-every", type=int, default=5, help="an interruption after every n-th question; 0 for none")
    options.add_argument("--docs", type=Path, default=ROOT / "assets/demo")
    options.add_argument("--questions", type=Path, help="a question a line")
    options.add_argument("--config", action="append", default=[], help="a setting of the server, for example chat.model=NAME")
    options.add_argument("--chromium", default="/usr/bin/chromium")
    options.add_argument("--chromedriver", default="/usr/bin/chromedriver")
    options.add_argument("--json", type=Path, help="where every turn is written")
    asked = options.parse_args()
    faq = []
    if asked.questions:
        questions = asked.questions.read_text().strip().splitlines()
    else:
        faq = FAQ
        asked_faq = [question for question, _ in FAQ]
        # Two of the documents, one of the FAQ.
        questions = [q for n in range(5) for q in (QUESTIONS[2 * n], asked_faq[n], QUESTIONS[2 * n + 1])]
    server = Server(asked.binary, asked.config)
    driver = None
    try:
        server.upload(sorted(path for path in asked.docs.iterdir() if path.is_file()))
        server.approve(faq)
        server.wait_ready()
        wav = Path(server.data.name) / "microphone.wav"
        schedule, seconds = build(server, questions, asked.turns, asked.gap, asked.barge_every, wav)
        minutes = max(30, int(seconds / 60) + 5)
        print(f"{len(schedule)} utterances, {seconds / 60:.1f} minutes", file=sys.stderr)
        prepare(server, minutes)
        driver = Driver(wav, asked.chromium, asked.chromedriver)
        seen = talk(driver, serve_page(server), seconds)
        record = call_record(server)
        if asked.json:
            asked.json.write_text(json.dumps({"schedule": schedule, "seen": seen, "call": record}))
        turns = analyse(seen, schedule, (record or {}).get("modelled", ()))
        report(turns, seen.get("latency"))
        if asked.json:
            asked.json.write_text(json.dumps({"turns": turns, "schedule": schedule, "seen": seen, "call": record}))
    finally:
        if driver:
            driver.close()
        server.close()


def call_record(server):
    """What the server kept of the call: every turn with its times."""
    try:
        newest = json.loads(server.send("/api/v1/calls"))["calls"][0]
        call = json.loads(server.send(f"/api/v1/calls/{newest['id']}"))
        call["modelled"], turn = [], None
        for event in call["events"]:
            turn = event["detail"].get("turn", turn) if event["kind"] == "asked" else turn
            if event["kind"] == "answered" and event["detail"].get("receipt"):
                receipt = server.send(f"/api/v1/receipts/{event['detail']['receipt']}").decode()
                # The model judged a quotation, or put the question into plain words.
                if '"rung":"model"' in receipt or '"rephrased"' in receipt:
                    call["modelled"].append(turn)
        return call
    except (SystemExit, KeyError, IndexError, ValueError) as error:
        print("no record of the call:", error, file=sys.stderr)
        return None


def prepare(server, minutes):
    """Calls may last as long as the recording, and nobody is asked whether they are still there."""
    try:
        settings = json.loads(server.send("/api/v1/voice"))["settings"]
        settings.update(max_minutes=min(minutes, 120), silence_seconds=60)
        server.send("/api/v1/voice", json.dumps(settings).encode(), method="PUT")
    except (SystemExit, KeyError, ValueError) as error:
        print("the limits of a call stay as they are:", error, file=sys.stderr)


if __name__ == "__main__":
    main()
