#!/usr/bin/env python3
"""Two browsers chat while the server is killed (SIGKILL) at random moments and started again at the same address with the
same data. A visitor writes in the widget on a page of another origin, somebody of the staff in the inbox; in every fifth round
the conversation is the assistant's, which gives an approved answer (no model is needed). In the end every message that a
browser was told is kept must be in the store once and in the order of its sender, and both browsers must show what the
store has. Needs Chromium and its driver; Python's standard library only.

    python3 benches/kills.py FRONTDESK [--kills 50] [--seed 1] [--minutes 60] [--shots FOLDER]
"""
import argparse
import base64
import json
import os
import random
import time
from pathlib import Path

from voice_browser import FAQ, OWNER, Driver, Server, serve_page

QUESTION, ANSWER = FAQ[0]
EVERY_MS = 700  # from one message of a writer to the next
PATIENCE = 60  # seconds until a browser must be back

# Notes what a page sends and what it is told of it: an answer with a status of 2xx, or an event `stored`, `done` or `message`.
HOOK = """
window.bench = { sent: [], kept: {}, ids: {}, refused: [] }
bench.noteKept = (client, id) => { bench.kept[client] ??= Date.now(); if (id) bench.ids[client] = id; bench.last = { at: Date.now(), id } }
const real = window.fetch
window.fetch = async (url, options = {}) => {
  const writes = options.method === "POST" && /\\/messages$/.test(url) && typeof options.body === "string"
  const { client_id: client, text } = writes ? JSON.parse(options.body) : {}
  if (client && !bench.sent.some(one => one.client === client)) bench.sent.push({ client, text, at: Date.now() })
  const response = await real(url, options)
  if (client && !response.ok) bench.refused.push([response.status, text])
  const streams = (response.headers.get("content-type") || "").startsWith("text/event-stream")
  if (streams) note(response.clone(), client)
  else if (client && response.ok) bench.noteKept(client, (await response.clone().json().catch(() => ({}))).id)
  return response
}
async function note(response, client) {
  let rest = ""
  try {
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      rest += part
      let end
      while ((end = rest.indexOf("\\n\\n")) >= 0) {
        const event = /^event: ?(.*)$/m.exec(rest.slice(0, end))?.[1]
        const data = JSON.parse(/^data: ?(.*)$/m.exec(rest.slice(0, end))?.[1] || "{}")
        rest = rest.slice(end + 2)
        if (event === "message" && data.client_id && data.role === "user") bench.noteKept(data.client_id, data.id)
        if (client && (event === "stored" || event === "done")) bench.noteKept(client, event === "stored" ? data.id : undefined)
      }
    }
  } catch {}
}
"""

WRITER = """
bench.write = next => { clearInterval(bench.timer); bench.timer = next && setInterval(() => {
  const box = (%s), text = next === "numbered" ? `%s ${bench.number = (bench.number || 0) + 1}` : next
  if (!box) return
  box.value = text
  box.dispatchEvent(new Event("input", { bubbles: true }))
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }))
}, %d) }
"""
SHADOW = 'document.querySelector("frontdesk-widget")?.shadowRoot'

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title><script>%s</script>
<script src="%s/widget.js" data-site="%s" async></script><body><h1>Shop</h1>"""


class Chat:
    """Both browsers, and the conversation between them."""

    def __init__(self, server):
        self.server = server
        self.visitor, self.staff = Driver(more=["--window-size=1000,800"]), Driver(more=["--window-size=1400,900"])
        self.sign_in()
        self.visitor.open(serve_page(server, PAGE % (HOOK, server.address, server.site)))
        self.visitor.wait(f"return {SHADOW}?.querySelector('.launch')", what="the widget")
        self.visitor.js(f"{SHADOW}.querySelector('.launch').click()")
        self.visitor.wait(f"return {SHADOW}.querySelector('textarea')", what="the box to write in")
        self.visitor.js(WRITER % (f"{SHADOW}?.querySelector('textarea')", "visitor", EVERY_MS) + f"bench.write({json.dumps(QUESTION)})")
        self.visitor.wait("return Object.keys(bench.kept).length", what="the first message to be kept")
        self.visitor.js("bench.write(null)")
        self.staff.open(f"{server.address}/inbox")
        self.staff.wait("return document.querySelector('fd-inbox[data-live] .row__name')", what="the conversation in the inbox")
        self.staff.js(HOOK + WRITER % ("document.querySelector('.reply__box')", "staff", EVERY_MS))
        self.staff.js("document.querySelector('.row__name').click()")
        self.staff.wait("return document.querySelector('.reply__box')", what="the open conversation")
        self.id = json.loads(server.send("/api/v1/inbox?view=everything"))["conversations"][0]["id"]
        self.mode = None

    def sign_in(self):
        self.staff.open(f"{self.server.address}/login")
        self.staff.js("""for (const [name, value] of Object.entries(arguments[0])) document.querySelector(`input[name=${name}]`).value = value
                         document.querySelector('form[action="/login"]').submit()""", OWNER)
        self.staff.wait("return location.pathname !== '/login' && document.readyState === 'complete'", what="the sign-in")

    def talk(self, human):
        """Who has the conversation, and who writes in it."""
        if self.mode == human:
            return
        act, then = ("take", "giveBack") if human else ("giveBack", "take")
        self.staff.wait(f"""if (document.querySelector('[data-act={then}]')) return true
                            document.querySelector('[data-act={act}]')?.click()""", PATIENCE, f"the conversation to be the {'staff' if human else 'assistant'}'s")
        self.visitor.js("bench.write(arguments[0])", "numbered" if human else QUESTION)
        self.staff.js("bench.write(arguments[0])", "numbered" if human else None)
        self.mode = human

    def back_after(self, since):
        """Seconds from then until the visitor was told that a message is kept, and until the staff's page shows it."""
        told = f"return bench.last && bench.last.at > {since * 1000} && !{SHADOW}.querySelector('.lost:not([hidden])') && [bench.last.at, bench.last.id]"
        told = self.visitor.wait(told, PATIENCE, "the visitor's browser to be back")
        ids = "Object.entries(bench.ids).filter(([client]) => bench.kept[client] > %d).map(([, id]) => id)" % (since * 1000)
        shown = "return arguments[0].some(id => document.querySelector(`[data-id=\"${id}\"]`))"
        until = time.time() + PATIENCE
        while not self.staff.js(shown, self.visitor.js(f"return {ids}")):
            if time.time() > until:
                raise SystemExit("waited for the staff's browser to be back")
            time.sleep(0.05)
        return told[0] / 1000 - since, time.time() - since

    def finish(self):
        """Stops writing, and waits until nothing is on its way."""
        for driver in (self.visitor, self.staff):
            driver.js("bench.write(null)")
        key = "Object.keys(sessionStorage).some(key => key.endsWith(':unsent'))"
        self.visitor.wait(f"return !{key} && !/Sending|Not sent/.test([...{SHADOW}.querySelectorAll('.state')].map(one => one.textContent).join())",
                          PATIENCE, "the visitor's messages to be sent")
        try:
            self.staff.wait("return !document.querySelector('.msg--waiting')", PATIENCE, "the staff's messages to be sent")
        except SystemExit:
            print("waiting there:", self.staff.js("return [...document.querySelectorAll('.msg--waiting')].map(one => one.dataset.state + ': ' + one.innerText)"))
            raise
        time.sleep(3)

    def shoot(self, folder):
        for name, driver in (("visitor", self.visitor), ("staff", self.staff)):
            (folder / f"kills-{name}.png").write_bytes(base64.b64decode(driver.ask("GET", driver.session + "/screenshot")))

    def close(self):
        self.visitor.close()
        self.staff.close()


def stored(server, conversation):
    """Every message that the store has, oldest first, and the senders' ids of the newest thousand."""
    said, before = [], None
    while True:
        page = json.loads(server.send(f"/api/v1/inbox/{conversation}" + (f"?before={before}" if before else "")))
        said = page["transcript"] + said
        if not page["older"]:
            break
        before = page["transcript"][0]["seq"]
    by_id = {one["id"]: one.get("client_id") for one in json.loads(server.send(f"/api/v1/conversations/{conversation}"))["transcript"]}
    return [{**one, "client": by_id.get(one["id"])} for one in said]


def judge(name, role, bench, kept):
    """What became of the messages of one browser; the sentences of what is wrong."""
    mine = [one for one in kept if one["role"] == role]
    # Of messages before the newest thousand only the text is known; the oldest of the same text is meant.
    by_text = {}
    for one in bench["sent"]:
        by_text.setdefault(one["text"], one["client"])
    clients, texts = [one["client"] or by_text.get(one["text"]) for one in mine], [one["text"] for one in mine]
    numbered = [one for one in bench["sent"] if one["text"].startswith(name)]
    told = set(bench["kept"])
    lost = [one for one in bench["sent"] if one["client"] in told and one["client"] not in clients]
    doubled = {one["client"] for one in bench["sent"] if clients.count(one["client"]) > 1} | {one["text"] for one in numbered if texts.count(one["text"]) > 1}
    # A reconnection may have taken a message that the page never heard of again: it is kept, which is no harm.
    untold = [one for one in bench["sent"] if one["client"] not in told and one["client"] not in clients]
    order = [one["client"] for one in bench["sent"] if one["client"] in clients]
    wrong = [f"{len(lost)} of {name} lost: {lost[:3]}"] if lost else []
    wrong += [f"{len(doubled)} of {name} doubled: {sorted(doubled)[:3]}"] if doubled else []
    wrong += [f"messages of {name} are out of order"] if order != [one for one in clients if one in order] else []
    wrong += [f"{len(untold)} of {name} neither kept nor refused: {untold[:3]}"] if len(untold) > len(bench["refused"]) else []
    print(f"| {name} | {len(bench['sent'])} | {len(told)} | {len(lost)} | {len(doubled)} | {len(untold)} | {len(bench['refused'])} |")
    return wrong


def compare(chat, kept):
    """What both browsers show, against the store."""
    wrong = []
    spoken = [one["text"] for one in kept if one["role"] in ("user", "agent", "assistant") and one["text"]]
    shown = chat.visitor.js(f"return [...{SHADOW}.querySelectorAll('.said:not(.note):not(.bad)')].map(one => one.innerText.trim())")
    # The greeting stands first, and the assistant's answers have marks of their sources.
    shown = shown[len(shown) - len(spoken):] if len(shown) >= len(spoken) else shown
    if shown != spoken:
        at = next((n for n, (one, other) in enumerate(zip(shown, spoken)) if one != other), min(len(shown), len(spoken)))
        wrong.append(f"the widget shows {len(shown)} of {len(spoken)}; first difference at {at}: {shown[at:at + 2]} for {spoken[at:at + 2]}")
    while chat.staff.js("const more = document.querySelector('.talk__older:not([hidden])'); more?.click(); return Boolean(more)"):
        time.sleep(0.5)
    shown = chat.staff.js("return [...document.querySelectorAll('.msg')].map(one => one.dataset.id)")
    expected = [one["id"] for one in kept if one["role"] != "system"]
    if shown != expected:
        missing = [one for one in expected if one not in shown]
        wrong.append(f"the inbox shows {len(shown)} of {len(expected)}, {len(missing)} missing")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frontdesk")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="after this time no further kill, and what was is judged")
    parser.add_argument("--shots", type=Path, help="a folder for screenshots of the end")
    asked = parser.parse_args()
    chance, began = random.Random(asked.seed), time.time()
    server, chat = Server(os.path.abspath(asked.frontdesk)), None
    listen = server.address.removeprefix("http://")
    try:
        server.approve([FAQ[0]])
        chat = Chat(server)
        starts, visitor, staff = [], [], []
        for number in range(asked.kills):
            if time.time() - began > asked.minutes * 60:
                break
            chat.talk(number % 5 != 4)
            time.sleep(chance.uniform(0.3, 2.5))
            server.kill()
            time.sleep(chance.choice([0, chance.uniform(0, 1), chance.uniform(1, 4)]))
            start = time.time()
            server.start(listen)
            ready = time.time()
            back = chat.back_after(ready)
            starts.append(ready - start)
            visitor.append(back[0])
            staff.append(back[1])
            if number % 10 == 9:
                print(f"{number + 1} kills", flush=True)
        chat.finish()
        if asked.shots:
            chat.shoot(asked.shots)
        kept = stored(server, chat.id)
        print("\n| who | sent | acknowledged | lost | doubled | never acknowledged, not kept | refused |\n|---|---|---|---|---|---|---|")
        wrong = judge("visitor", "user", chat.visitor.js("return bench"), kept)
        wrong += judge("staff", "agent", chat.staff.js("return bench"), kept)
        wrong += compare(chat, kept)
        answered = sum(one["role"] == "assistant" and one["text"] == ANSWER for one in kept)
        print(f"\n{len(starts)} kills within {time.time() - began:.0f} s; {len(kept)} entries in the store, {answered} approved answers")
        told = lambda times: f"median {sorted(times)[len(times) // 2]:.1f} s, longest {max(times):.1f} s"
        print(f"from the start of the process until it listens: {told(starts)}")
        print(f"then until a message of the visitor is acknowledged: {told(visitor)}; until the staff's page shows it: {told(staff)}")
        for one in wrong:
            print("NOT AS IT SHOULD:", one)
        if wrong:
            raise SystemExit(1)
    finally:
        if chat:
            chat.close()
        server.kill()


if __name__ == "__main__":
    main()
