#!/usr/bin/env python3
"""A walk through the product with a picture of each step: a new owner from the setup link to the line on a website, a visitor on
that website, and an agent who takes the conversation over. In one headless Chromium, with real clicks and keys, against a server
of its own with an empty data folder.

Writes numbered pictures and `index.html` (one sentence for each step, with its time) into DIR. Exit code 1 if a step does not come
about, or the owner's part takes longer than ten minutes.

    python3 benches/walk.py FRONTDESK --out DIR [--theme light|dark]

Standard library only. Needs Chromium with its driver. With models answers are found by meaning too; without, by words.
"""
import argparse
import base64
import html
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True  # No folder of compiled files beside the benches.
from pages import Browser, shop  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ["about-us.md", "prices.csv", "terms.html"]
PASSWORD = "four plain words here"
QUESTION = "How much is a full service?"
PRICE = "95"
WISH = "A test ride with the cargo bike on Saturday"
REPLY = "Hello Amelia, this is Tom. The cargo bike is here on Saturday. Shall I keep it for you at 11?"
# The owner's part, s.
FIRST_RUN = 600
ENTER = "\ue007"
# A step may wait for a document to be read or an answer to be found, s.
PATIENCE = 120

# What the steps need inside of the widget.
WIDGET = """
const widget = document.querySelector("frontdesk-widget"), root = widget?.shadowRoot
const inside = css => root?.querySelector(css)
const said = (kind, text) => [...root?.querySelectorAll(".said" + kind) ?? []].some(one => one.textContent.includes(text))
const seen = node => Boolean(node?.checkVisibility({ visibilityProperty: true }))
const named = (css, name) => [...root?.querySelectorAll(css) ?? []].find(one => (one.ariaLabel || one.textContent).trim() === name)
"""


class Failed(Exception):
    pass


class Server:
    """An empty installation."""

    def __init__(self, frontdesk):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen([frontdesk, "serve", "--json", "--listen", "127.0.0.1:0", "--data", self.folder.name],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        told = json.loads(next(line for line in self.process.stdout if line.startswith("{")))
        threading.Thread(target=lambda: [None for _ in self.process.stdout], daemon=True).start()
        self.address, self.setup_link, self.site = told["address"], told["setup_link"], ""

    def close(self):
        self.process.terminate()
        self.process.wait(60)


class Walk:
    def __init__(self, browser, out, theme):
        self.browser, self.out, self.theme = browser, out, theme
        self.steps, self.began = [], time.time()
        self.tab = browser.ask("GET", "/window")
        self.look()

    def look(self):
        self.browser.size(1280, 860)
        self.browser.theme(self.theme)

    def new_tab(self):
        handle = self.browser.ask("POST", "/window/new", {"type": "tab"})["handle"]
        self.turn_to(handle)
        return handle

    def turn_to(self, handle):
        self.browser.ask("POST", "/window", {"handle": handle})
        self.browser.cdp("Page.bringToFront")
        self.look()

    def open(self, url):
        self.browser.open(url)
        self.until("return document.readyState === 'complete'", "the page " + url)

    def until(self, script, what, seconds=PATIENCE):
        found = self.browser.until(script, seconds)
        if not found:
            raise Failed(f"{what} did not come within {seconds} s")
        return found

    def find(self, css, seconds=PATIENCE):
        """The element, once it can be seen, scrolled to the middle."""
        script = f"const e = document.querySelector({json.dumps(css)}); if (!e?.checkVisibility()) return null; e.scrollIntoView({{ block: 'center' }}); return e"
        return next(iter(self.until(script, css, seconds).values()))

    def click(self, css):
        self.browser.ask("POST", f"/element/{self.find(css)}/click")

    def write(self, css, text, clear=False):
        element = self.find(css)
        if clear:
            self.browser.ask("POST", f"/element/{element}/clear")
        self.browser.ask("POST", f"/element/{element}/value", {"text": text})

    def upload(self, css, paths):
        element = next(iter(self.until(f"return document.querySelector({json.dumps(css)})", css).values()))
        self.browser.ask("POST", f"/element/{element}/value", {"text": "\n".join(str(path) for path in paths)})

    def text(self, css):
        return self.browser.js(f"return document.querySelector({json.dumps(css)})?.textContent.trim()")

    # Within the widget.

    def widget(self, condition, what, seconds=PATIENCE):
        return self.until(WIDGET + "return " + condition, what, seconds)

    def press(self, css, name=None):
        found = f"named({json.dumps(css)}, {json.dumps(name)})" if name else f"inside({json.dumps(css)})"
        element = next(iter(self.widget(f"seen({found}) && {found}", name or css).values()))
        self.browser.ask("POST", f"/element/{element}/click")

    def type_in(self, css, text):
        element = next(iter(self.widget(f"inside({json.dumps(css)})", css).values()))
        self.browser.ask("POST", f"/element/{element}/value", {"text": text})

    def shot(self, who, name, sentence, top=False):
        """A picture of the window as it is. `top`: from the beginning of the page."""
        if top:
            self.browser.js("scrollTo(0, 0)")
        # Whatever moves or loads comes to rest.
        time.sleep(0.6)
        file = f"{len(self.steps) + 1:02}-{who}-{name}.png"
        (self.out / file).write_bytes(base64.b64decode(self.browser.ask("GET", "/screenshot")))
        took = time.time() - self.began
        self.steps.append((file, who, sentence, took))
        print(f"{took:6.1f} s  {file}: {sentence}", flush=True)


def be_owner(walk, server):
    """From the setup link to the line on a website; the seconds it took."""
    began = time.time()
    walk.open(server.setup_link)
    walk.find("input[name=business]")
    walk.shot("owner", "setup-link", "The owner opens the setup link that the server printed.")
    for name, value in [("business", "Marlow Street Bicycles"), ("name", "Ines Marlow"), ("email", "ines@marlow.example"),
                        ("password", PASSWORD), ("password_again", PASSWORD)]:
        walk.write(f"input[name={name}]", value)
    walk.shot("owner", "account", "Name of the business, and an account with a password.")
    walk.click("button[type=submit]")

    walk.find("form[action='/welcome/business/save']")
    walk.shot("owner", "first-steps", "Five first steps begin; each can be skipped and done later.", top=True)
    walk.write("input[name=assistant]", "Marla", clear=True)
    walk.write("input[name=phone]", "+44 20 7946 0018")
    walk.write("input[name=address]", "12 Marlow Street, London")
    for day in range(5):
        walk.write(f".walk__day:nth-of-type({day + 1}) input[name=hours]", "9-18")
    walk.shot("owner", "facts", "Facts of the business: language, time zone, telephone, address and opening hours.")
    walk.click("form[action='/welcome/business/save'] .button--primary")

    walk.find("fd-upload")
    walk.upload("fd-upload input[type=file]", [ROOT / "assets/demo" / name for name in DOCUMENTS])
    for name in DOCUMENTS:
        walk.find(f".document[data-name='{name}'][data-state=ready]")
    walk.shot("owner", "documents", "Three documents are dropped, and read within seconds.")
    walk.click("[data-walk=foot] a.button--primary")

    walk.write("#question", QUESTION + ENTER)
    walk.find("[data-answer]:not([aria-busy]) .answer__foot span")
    if PRICE not in walk.text(".answer__text"):
        raise Failed(f"the answer was {walk.text('.answer__text')!r}")
    walk.shot("owner", "test-chat", "A test question is answered in the document's own words.")
    walk.click(".source")
    walk.find("dialog[open] [data-part=body]:not([aria-busy]) mark")
    walk.shot("owner", "citation", "The number behind the answer opens the quoted passage.")
    walk.browser.ask("POST", "/element/" + walk.find("dialog[open] button") + "/click")
    walk.click("[data-walk=foot] a.button--primary")

    line = walk.until("return document.querySelector('#embed')?.textContent", "the line for the website")
    server.site = line.split('data-site="')[1].split('"')[0]
    site = shop(server)
    walk.write("input[name=sites]", site.rstrip("/"))
    walk.shot("owner", "website", "The website that may show the chat is named.", top=True)
    walk.click("form[action='/welcome/website/save'] button")
    walk.find(".walk__sites")
    walk.find("#embed")
    walk.shot("owner", "snippet", "The line for the website is copied into its pages.")
    mine = walk.tab
    theirs = walk.new_tab()
    walk.open(site)
    walk.widget("seen(inside('.launch'))", "the chat's button")
    walk.shot("owner", "on-the-website", "The chat's button is on the website, which is of another origin.")
    walk.press(".launch")
    walk.widget("seen(inside('textarea')) && inside('.first')?.textContent", "the open chat")
    walk.turn_to(mine)
    walk.open(server.address + "/welcome/website")
    walk.find("[data-walk=seen] .notice")
    walk.click("[data-walk=foot] a.button--primary")
    walk.find(".walk__parts")
    walk.shot("owner", "machine", "What this machine can do, as `frontdesk doctor` finds it.", top=True)
    walk.click("form[action='/welcome/machine/save'] button")
    walk.find(".walk__onward")
    walk.shot("owner", "done", "The front desk is set up.", top=True)
    return time.time() - began, site, theirs


def invite(walk, server):
    """Opens the desk around the clock, so that the walk can be taken at any hour, and invites an agent; their link."""
    walk.open(server.address + "/desk")
    walk.click("input[name=own_hours][value='1']")
    for day in walk.browser.js("return [...document.querySelectorAll('.desk-week input')].map(input => input.name)"):
        walk.write(f".desk-week input[name={day}]", "00:00-24:00", clear=True)
    walk.shot("owner", "desk-hours", "The desk has hours of its own, in which people answer.", top=True)
    walk.click("form[action='/desk'] button[type=submit]")
    walk.find(".notice[role=status]")
    walk.open(server.address + "/accounts")
    walk.write("form[action='/invitations'] input[name=email]", "tom@marlow.example")
    walk.click("form[action='/invitations'] button[type=submit]")
    walk.find("#invite-link")
    walk.shot("owner", "invitation", "A colleague is invited; without an e-mail server the owner passes the link on.")
    return walk.text("#invite-link")


def join(walk, server, link):
    walk.click(".menu summary")
    walk.click("form[action='/logout'] button")
    walk.find("form[action='/login']")
    walk.open(link)
    walk.write("input[name=name]", "Tom Baker")
    walk.write("input[name=password]", PASSWORD)
    walk.write("input[name=again]", PASSWORD)
    walk.shot("agent", "joins", "The agent opens the invitation on their own machine and chooses a password.")
    walk.click("form[action='/invitation'] button[type=submit]")
    walk.until("return !location.pathname.startsWith('/invitation')", "the first page of the agent")
    walk.open(server.address + "/inbox")
    walk.find("fd-inbox[data-live]")
    walk.shot("agent", "inbox-empty", "The inbox before anybody asked for a person.", top=True)


def ask_as_visitor(walk):
    walk.widget("seen(inside('textarea'))", "the open chat")
    walk.shot("visitor", "opens", "The visitor opens the chat: it says at once that an assistant answers.")
    walk.type_in("textarea", QUESTION + ENTER)
    walk.widget(f"said(':not(.me)', {json.dumps(PRICE)}) && seen(inside('.cite'))", "the answer with its source")
    walk.shot("visitor", "answer", "The answer comes with its source.")
    walk.press(".cite")
    walk.widget("seen(inside('blockquote'))", "the quoted passage")
    walk.shot("visitor", "citation", "A click on the number shows the passage it was taken from.")
    walk.press("header button", "Talk to a person")
    walk.widget("seen(inside('.bar:not(.lost)')) && inside('.bar:not(.lost)').textContent", "that the visitor waits")
    walk.shot("visitor", "asks-for-a-person", "The visitor asks for a person, and reads that they wait.")
    walk.press(".bar:not(.lost) button", "Leave a message")
    walk.widget("seen(inside('.sheet input[name=name]'))", "the form")
    for name, value in [("input[name=name]", "Amelia Stone"), ("input[name=email]", "amelia@stone.example"), ("textarea[name=wish]", WISH)]:
        walk.type_in(".sheet " + name, value)
    walk.press(".sheet input[name=consent]")
    walk.shot("visitor", "leaves-details", "Meanwhile they leave their name, an address and what they want.")
    walk.press(".sheet button[type=submit]")
    walk.widget("!inside('.sheet')", "the end of the form")
    walk.shot("visitor", "details-left", "What they left has arrived.")


def answer_as_agent(walk, mine, theirs):
    walk.turn_to(mine)
    walk.find(".row .sla")
    walk.shot("agent", "somebody-waits", "The inbox says by itself that somebody waits, and for how long.")
    walk.click(".row__name")
    walk.find("[data-act=take]")
    walk.shot("agent", "reads", "The agent reads what was said, and what the visitor left.")
    walk.click("[data-act=take]")
    walk.find("[data-act=giveBack]")
    walk.write(".reply__box", REPLY)
    walk.shot("agent", "takes-over", "The agent takes the conversation over; the assistant is silent from now on.")
    walk.write(".reply__box", ENTER)
    walk.until("return document.querySelector('.msg--agent') && !document.querySelector('.msg--waiting')", "the stored reply")
    walk.turn_to(theirs)
    walk.widget(f"said('.staff', {json.dumps(REPLY)})", "the reply")
    walk.type_in("textarea", "Yes please, 11 is perfect. Thank you!" + ENTER)
    walk.widget("said('.me', '11 is perfect')", "the visitor's words")
    walk.shot("visitor", "reply", "The visitor reads the reply, sees who speaks, and answers.")
    walk.turn_to(mine)
    walk.until("return [...document.querySelectorAll('.msg--user')].at(-1)?.textContent.includes('11 is perfect')", "the visitor's answer")
    walk.shot("agent", "conversation", "The agent sees the answer at once.")
    walk.click("[data-act=giveBack]")
    walk.find("[data-act=take]")
    walk.shot("agent", "gives-back", "The agent gives the conversation back to the assistant.")
    walk.turn_to(theirs)
    walk.widget("!seen(inside('.bar:not(.lost)'))", "that the assistant is back")
    walk.type_in("textarea", "And how much is a puncture repair?" + ENTER)
    walk.widget("[...root.querySelectorAll('.cite')].length > 1", "the assistant's answer")
    walk.shot("visitor", "assistant-again", "The visitor is told, and the assistant answers again.")
    walk.turn_to(mine)
    walk.until("return [...document.querySelectorAll('.msg--user')].at(-1)?.textContent.includes('puncture')", "the question in the inbox")
    walk.click(".talk__acts > [data-act=close]")
    walk.find("[data-act=reopen]")
    walk.shot("agent", "closes", "The agent closes it; this can be undone.")
    walk.turn_to(theirs)
    walk.widget("seen(inside('.bar:not(.lost)'))", "that the conversation is closed")
    walk.shot("visitor", "closed", "The visitor reads that it is closed, and is asked how it was.")


def look_after(walk, server, mine):
    walk.turn_to(mine)
    walk.open(server.address + "/tasks")
    walk.find(".gap")
    walk.shot("agent", "task", "What the visitor left is a task with a due time.", top=True)
    walk.click(".gap__question a")
    walk.find("h1")
    walk.shot("agent", "contact", "The visitor is a contact: what they left, agreed to and said, across visits.", top=True)
    walk.open(server.address + "/tasks")
    walk.click("form[action$='/done'] button")
    walk.find(".notice[role=status]")
    walk.shot("agent", "task-done", "The task is done; this can be undone.", top=True)


def write_index(out, steps, owner, whole):
    figures = "\n".join(
        f'<figure id="s{n}"><figcaption><b>{n}. {who.capitalize()}.</b> {html.escape(sentence)} <span>{took:.0f} s</span></figcaption>'
        f'<a href="{file}"><img src="{file}" alt="{html.escape(sentence)}" width="1280" height="860" loading="lazy"></a></figure>'
        for n, (file, who, sentence, took) in enumerate(steps, 1))
    (out / "index.html").write_text(f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A walk through Frontdesk</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }} figure {{ margin: 2.5rem 0 }}
img {{ max-width: 100%; height: auto; border: 1px solid #8886; border-radius: 8px }} span {{ color: #666 }}</style></head>
<body><h1>A walk through Frontdesk</h1>
<p>{len(steps)} steps. A script drove a browser: the owner's part, from the setup link to the chat on a website, took {owner:.0f} s without
a person's reading and typing; the whole walk {whole:.0f} s.</p>
{figures}
</body></html>
""")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frontdesk")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    server = Server(args.frontdesk)
    browser = walk = None
    owner = 0
    try:
        browser = Browser()
        walk = Walk(browser, args.out, args.theme)
        owner, _, theirs = be_owner(walk, server)
        link = invite(walk, server)
        join(walk, server, link)
        walk.turn_to(theirs)
        ask_as_visitor(walk)
        answer_as_agent(walk, walk.tab, theirs)
        look_after(walk, server, walk.tab)
    except (Failed, RuntimeError) as error:
        if walk:
            walk.shot("nobody", "failed", f"It went no further: {error}")
        raise SystemExit(f"the walk ended early: {error}") from None
    finally:
        if walk:
            write_index(args.out, walk.steps, owner, time.time() - walk.began)
        if browser:
            browser.close()
        server.close()
    print(f"\nthe owner's part: {owner:.0f} s; goal: {FIRST_RUN} s with a person's reading and typing")
    raise SystemExit(0 if owner < FIRST_RUN else 1)


if __name__ == "__main__":
    main()
