#!/usr/bin/env python3
"""Texts that try to run a script (`xss_payloads.py`), through every field that a page shows: messages, names, files, forms,
contacts, tags, notes, replies, documents, approved answers, sources, settings, keys, webhooks, e-mail and more (not the words of
calls, which need models). Then all pages of the console are read as HTML, and the pages, the inbox, the widget on a page of another origin and the page to
talk on are opened in Chromium, where it is noticed whether a script ran, an element of a text came to be, a link leads to a
script, or the policy of contents had to stop something. At the end headers, redirects and requests from other sites.
Needs Chromium and its driver; Python's standard library only; no models.

    python3 benches/xss.py FRONTDESK [--payloads 300] [--samples 8] [--visits 300] [--only control,fields,html,browser,widget,headers]
"""
import argparse
import collections
import concurrent.futures
import html
import html.parser
import http.client
import http.server
import json
import os
import re
import threading
import time
import urllib.parse

import xss_payloads
from voice_browser import OWNER, Driver, Server, serve_page

WORKERS = 3
# Where a link or a form may lead to.
HARMLESS = re.compile(r"(?i)^(https?://|mailto:|tel:|/|#|\?|blob:|data:image/(png|jpeg|gif|webp|svg\+xml)|data:,|$)|^[\w.-]+(/|\.html|\?|#|$)")
# Runs first in every page and frame.
WATCH = """
(() => {
  if (self.watched) return
  self.watched = { ran: [], stopped: [] }
  const note = text => { try { top.watched.ran.push(String(text)) } catch { watched.ran.push(String(text)) } }
  self.ran = number => note(number)
  for (const name of ["alert", "confirm", "prompt", "print"]) self[name] = text => note(`${name} ${text}`)
  const real = self.fetch
  self.fetch = (url, ...rest) => { if (/\\/ran\\d/.test(String(url?.url || url))) note(`fetch ${url}`); return real(url, ...rest) }
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) => watched.stopped.push(`${effectiveDirective} ${blockedURI} ${sample}`))
})()
"""
# What a page became: elements of a text, handlers within attributes, links to scripts; also within shadow roots.
AUDIT = """
const found = [], web = /^(https?|mailto|tel|blob|data:image|data:,|about):?/
const walk = root => { for (const node of root.querySelectorAll("*")) {
  if (node.hasAttribute("fdx")) found.push("element " + node.outerHTML.slice(0, 120))
  for (const { name, value } of node.attributes) {
    if (/^on/i.test(name)) found.push(`handler ${name}=${value.slice(0, 80)}`)
    if (/^(href|src|action|formaction|data|poster|xlink:href|srcdoc|ping|background)$/i.test(name) && value && name !== "srcdoc") {
      let url; try { url = new URL(value, document.baseURI) } catch {}
      if (url && !["http:", "https:", "mailto:", "tel:", "blob:"].includes(url.protocol) && !/^data:(image\\/|,)/.test(url.href)) found.push(`link ${name}=${value.slice(0, 80)}`)
    }
    if (name === "srcdoc" || (name === "style" && /url\\(|expression|binding/i.test(value))) found.push(`${name}=${value.slice(0, 80)}`)
  }
  if (node.shadowRoot) walk(node.shadowRoot)
} }
walk(document)
if (/^ran/.test(document.title)) found.push("title " + document.title)
return { ran: watched.ran.splice(0), stopped: watched.stopped.splice(0), found: [...new Set(found)].slice(0, 20) }
"""


class Api:
    """Requests as the owner, with a connection for each thread."""

    def __init__(self, server):
        self.server, self.local = server, threading.local()
        where = urllib.parse.urlparse(server.address)
        self.host, self.port = where.hostname, where.port
        jar = next(one.cookiejar for one in server.opener.handlers if hasattr(one, "cookiejar"))
        self.cookie = "; ".join(f"{one.name}={one.value}" for one in jar)

    def raw(self, method, path, body=None, headers=()):
        """Status, headers and bytes of an answer."""
        for last in (False, True):
            link = getattr(self.local, "link", None) or http.client.HTTPConnection(self.host, self.port, timeout=120)
            self.local.link = link
            try:
                link.request(method, path, body, dict(headers))
                answer = link.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.HTTPException, OSError):
                link.close()
                if last:
                    return 599, http.client.HTTPMessage(), b"no answer"

    def __call__(self, method, path, body=None, token=None, number=None, files=None, form=None):
        headers = {"Origin": self.server.address}
        headers.update({"Authorization": f"Bearer {token}"} if token else {"Cookie": self.cookie} if number is None else {})
        if number is not None:
            headers["X-Forwarded-For"] = f"198.18.{number // 250}.{number % 250 + 1}"
        data = None
        if files is not None:
            headers["Content-Type"] = "multipart/form-data; boundary=xss"
            parts = [f'--xss\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in (form or {}).items()]
            parts += [f'--xss\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content for name, content in files]
            data = b"\r\n".join([*parts, b"--xss--\r\n"])
        elif form is not None:
            data, headers["Content-Type"] = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        status, _, content = self.raw(method, path, data, headers)
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content.decode(errors="replace")


def file_name(text):
    """As a browser writes it into a form."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


class Fields:
    """Puts every text into every field, and counts what was taken, refused, or broke the server."""

    def __init__(self, api, payloads):
        self.api, self.payloads, self.counts = api, payloads, collections.defaultdict(collections.Counter)
        self.visits, self.refusals, self.lock = {}, {}, threading.Lock()

    def say(self, field, answered):
        status, content = answered
        kind = "taken" if status < 400 else "refused" if status < 500 and status != 429 else "too many" if status == 429 else "broken"
        with self.lock:
            self.counts[field][kind] += 1
            if kind == "refused":
                self.refusals[field] = str(content.get("detail", content) if isinstance(content, dict) else content)[:200]
            if kind == "broken":
                print(f"  {field}: {status} {str(content)[:200]}", flush=True)
        return content if status < 400 else {}

    def each(self, act):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for _ in pool.map(lambda pair: act(*pair), enumerate(self.payloads)):
                pass

    def put(self, field, method, path, body):
        """One request for each text; `body` makes it of number and text."""
        self.each(lambda number, text: self.say(field, self.api(method, path, body(number, text))))

    def whole(self):
        """All that can be written without a visitor."""
        put = self.put
        put("approved answer, question and answer", "POST", "/api/v1/faqs", lambda n, x: {"questions": [f"Question {n} {x}", f"answerme {n}"], "answer": f"Answer {n}: {x}", "state": "approved"})
        put("approved answer waiting and owner", "POST", "/api/v1/faqs", lambda n, x: {"questions": [f"{x} {n}"], "answer": x, "state": "draft", "owner": x})
        put("note, title and text", "POST", "/api/v1/snippets", lambda n, x: {"title": f"{x} {n}", "text": f"# {x}\n\n{x}"})
        put("contact, name, e-mail, telephone and language", "POST", "/api/v1/contacts", lambda n, x: {"name": x, "emails": [f"{x}@x.example"], "phones": [x], "language": x})
        self.api("PUT", "/api/v1/contacts/fields", {"fields": [{"name": "Own field", "kind": "text"}]})
        put("contact, name and field", "POST", "/api/v1/contacts", lambda n, x: {"name": x, "emails": [f"p{n}@x.example"], "fields": {"Own field": x}})
        put("field of contacts, name and choices", "PUT", "/api/v1/contacts/fields", lambda n, x: {"fields": [{"name": "Own field", "kind": "text"}, {"name": x[:40], "kind": "choice", "choices": [x, "other"]}]})
        put("canned reply", "POST", "/api/v1/canned-replies", lambda n, x: {"shortcut": f"x{n}", "text": x})
        put("canned reply, shortcut", "POST", "/api/v1/canned-replies", lambda n, x: {"shortcut": x, "text": "text"})
        put("team", "POST", "/api/v1/teams", lambda n, x: {"name": x})
        put("task", "POST", "/api/v1/tasks", lambda n, x: {"wish": x, "due_at": int(time.time() * 1000) + n * 60000})
        put("key, name", "POST", "/api/v1/keys", lambda n, x: {"name": x, "scopes": ["chat"]})
        put("webhook, address", "POST", "/api/v1/webhooks", lambda n, x: {"url": x, "events": ["*"]})
        put("webhook, part of an address", "POST", "/api/v1/webhooks", lambda n, x: {"url": f"https://x{n}.example/{x}", "events": ["*"]})
        put("web source, address", "POST", "/api/v1/sources", lambda n, x: {"url": x, "kind": "page"})
        put("web source, part of an address", "POST", "/api/v1/sources", lambda n, x: {"url": f"https://x{n}.example/{x}", "kind": "page", "every": "never"})
        put("fact, address", "POST", "/api/v1/facts", lambda n, x: {"kind": "address", "text": x})
        put("fact, telephone", "POST", "/api/v1/facts", lambda n, x: {"kind": "phone", "label": x, "number": x})
        put("fact, price", "POST", "/api/v1/facts", lambda n, x: {"kind": "price", "name": x, "amount": "10", "currency": x[:8]})
        put("golden question", "POST", "/api/v1/golden", lambda n, x: {"question": f"{x} {n}", "expectation": {"outcome": "answer", "any_of": [x]}})
        put("synonyms", "PUT", "/api/v1/synonyms", lambda n, x: {"groups": [[x, f"word {n}"]]})
        put("pronunciation", "PUT", "/api/v1/pronunciations", lambda n, x: {"word": x, "say": x})
        put("instructions", "POST", "/api/v1/assistant/instructions", lambda n, x: {"instructions": x})
        put("consent of leads", "PUT", "/api/v1/leads", lambda n, x: {"consent_required": True, "consent_text": x})
        put("conversation of a program, title and visitor", "POST", "/api/v1/conversations", lambda n, x: {"title": x, "visitor": x})
        put("e-mail, sender and server", "PUT", "/api/v1/mail", lambda n, x: {"server": {"host": x, "user": x, "tls": "implicit"}, "sender": {"name": x, "address": f"{x}@x.example"}})
        put("e-mail, name of the sender", "PUT", "/api/v1/mail", lambda n, x: {"server": {"host": "mail.x.example", "tls": "implicit"}, "sender": {"name": x, "address": "desk@x.example"}})
        put("copies of backups", "PUT", "/api/v1/backups/target", lambda n, x: {"kind": "s3", "endpoint": "https://s3.x.example", "bucket": x, "prefix": x, "region": x, "access_key": x, "secret_key": x})
        put("desk, addresses and time zone", "PUT", "/api/v1/desk", lambda n, x: {"time_zone": x, "notify": {"email": [f"{x}@x.example"]}})
        put("voice, greeting", "PUT", "/api/v1/voice", lambda n, x: {**self.voice, "greeting": x, "disclosure": x, "recording_question": x})
        for number, (name, email) in enumerate((text, f"agent{n}@x.example") for n, text in enumerate(self.payloads[:: max(1, len(self.payloads) // 6)])):
            self.say("account, name", self.api("POST", "/api/v1/accounts", {"name": name, "email": email, "role": "agent", "password": OWNER["password"]}))
            self.say("account, e-mail", self.api("POST", "/api/v1/accounts", {"name": "Bo", "email": f"{name}@x.example", "role": "agent", "password": OWNER["password"]}))

    @property
    def voice(self):
        return self.api("GET", "/api/v1/voice")[1].get("settings", {})

    def documents(self):
        """Names and contents of files, in three formats; read by a child each."""
        shapes = [("md", "# {0}\n\n{0} is what it says.\n"), ("html", "<title>{0}</title><h1>{0}</h1><p>Paragraph: {0}</p>"), ("csv", "name,price\n\"{0}\",10\n")]

        def send(number, text):
            ending, shape = shapes[number % len(shapes)]
            content = shape.format(text.replace('"', '""') if ending == "csv" else text).encode()
            self.say("document, name and content", self.api("POST", "/api/v1/documents", files=[(file_name(f"{number} {text}"[:120]).replace("/", "∕") + f".{ending}", content)]))

        self.each(send)

    def visitors(self):
        """What visitors say, each text by a visitor of its own; then what staff do with their conversations."""
        site = self.api.server.site

        def visit(number, text):
            api = lambda method, path, body=None, **more: self.api(method, f"/api/v1/visit{path}", body, token=token, number=number, **more)
            token = self.say("visit, assistant", self.api("POST", "/api/v1/visit", {"site": site}, number=number)).get("token")
            if not token:
                return
            with self.lock:
                self.visits[number] = token
            self.say("form before the chat", api("POST", "/introduce", {"name": text, "email": f"v{number}@x.example", "page": f"https://shop.example/{text}", "consent": text}))
            self.say("form before the chat, e-mail, telephone", api("POST", "/introduce", {"name": "Jo", "email": f"{text}@x.example", "phone": text}))
            self.say("question with an approved answer", api("POST", "/messages", {"text": f"answerme {number}", "client_id": text, "page": f"https://shop.example/?{text}"}))
            self.say("message of a visitor", api("POST", "/messages", {"text": text, "client_id": f"{number}", "page": text}))
            self.say("wish for a person", api("POST", "/person", {"reason": text, "page": text}))
            ended = [("txt", b"x"), ("svg", f"<svg xmlns='http://www.w3.org/2000/svg'>{text}</svg>".encode()), ("html", text.encode())][number % 3]
            self.say("file of a visitor", api("POST", "/files", files=[(file_name(f"{text[:90]}.{ended[0]}"), ended[1])], form={"client_id": f"f{number}", "text": text}))
            self.say("lead", api("POST", "/lead", {"name": text, "email": f"l{number}@x.example", "phone": "", "wish": text, "page": text, "consent": {"text": text, "given": True}}))
            self.say("e-mail with the conversation", api("POST", "/transcript", {"email": f"m{number}@x.example"}))
            self.say("rating of the visit", api("POST", "/rating", {"score": 1, "comment": text}))
            said = api("GET", "/messages")[1].get("messages", [])
            for one in said[:4]:
                if one["role"] == "assistant":
                    self.say("rating of an answer", api("POST", f"/messages/{one['id']}/rating", {"value": "down", "reason": text}))

        self.each(visit)
        rows, before = [], None
        while True:
            page = self.api("GET", "/api/v1/inbox?view=everything&limit=200" + (f"&before={before}" if before else ""))[1]
            rows += page["conversations"]
            before = page.get("next")
            if not before:
                break
        self.conversations = [row["id"] for row in rows]
        spoken = [row["id"] for row in rows if row["channel"] == "chat"]

        def staff(number, text):
            one = f"/api/v1/inbox/{spoken[number % len(spoken)]}"
            self.say("tag", self.api("PUT", f"{one}/tags", {"tags": [text[:40], f"t{number}"]}))
            self.say("private note", self.api("POST", f"{one}/notes", {"text": text}))
            self.say("take over", self.api("POST", f"{one}/take", {}))
            self.say("reply of staff", self.api("POST", f"{one}/messages", {"text": text, "client_id": f"s{number}"}))
            self.say("file of staff", self.api("POST", f"{one}/messages", files=[(file_name(f"{text[:90]}.html"), text.encode())], form={"client_id": f"g{number}", "text": text}))

        self.each(staff)
        receipts = self.api("GET", "/api/v1/receipts?limit=200")[1].get("receipts", [])
        for number, one in enumerate(receipts):
            self.say("rating of a receipt", self.api("POST", f"/api/v1/receipts/{one['id']}/rating", {"value": -1, "comment": self.payloads[number % len(self.payloads)]}))
        # One conversation that holds all of them, by visitor, staff and note, so that a browser sees them on one page.
        self.full = spoken[0]
        self.say("take over", self.api("POST", f"/api/v1/inbox/{self.full}/take", {}))
        for number, text in enumerate(self.payloads):
            self.say("reply of staff", self.api("POST", f"/api/v1/inbox/{self.full}/messages", {"text": text, "client_id": f"all{number}"}))
            self.say("private note", self.api("POST", f"/api/v1/inbox/{self.full}/notes", {"text": text}))

    def widget(self, texts):
        """Settings of the widget, from some of the texts."""
        some = lambda at: texts[at % len(texts)]
        asked = {"options": {"disclosure": some(0), "consent": some(1), "suggestions": [some(at)[:100] for at in range(2, 6)], "lead": True, "rate": True, "files": True,
                             "greetings": [{"path": "*", "seconds": 0, "text": some(6)}, {"path": f"/{some(7)[:80]}*", "seconds": 0, "text": some(7)}]}, "title": some(8)[:60]}
        self.say("widget, texts", self.api("PATCH", "/api/v1/widget", asked))
        for text in texts:
            self.say("widget, colour", self.api("PATCH", "/api/v1/widget", {"colour": text}))
            self.say("widget, link to the privacy notice", self.api("PATCH", "/api/v1/widget", {"options": {**asked["options"], "privacy_link": text}}))
            self.say("widget, origins and hosts", self.api("PATCH", "/api/v1/widget", {"origins": [text]}))
            self.say("widget, hosts of links", self.api("PATCH", "/api/v1/widget", {"links": [text]}))
            self.say("widget, language", self.api("PATCH", "/api/v1/widget", {"options": {**asked["options"], "language": text}}))


class Seen(html.parser.HTMLParser):
    """What a page's HTML has: elements of a text, handlers, links to scripts; and the links to further pages."""

    def __init__(self):
        super().__init__()
        self.found, self.links = [], []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            value = value or ""
            if name == "fdx" or name.startswith("on") or name == "srcdoc" or (name == "style" and "url(" in value):
                self.found.append(f"<{tag} {name}={value[:60]!r}>")
            if name in ("href", "src", "action", "formaction") and not HARMLESS.match(value.strip()):
                self.found.append(f"<{tag} {name}={value[:60]!r}>")
            if name == "href" and tag == "a" and value.startswith("/") and not value.startswith("//"):
                self.links.append(value.split("#")[0])
        if tag == "script" and not dict(attributes).get("src"):
            self.found.append("<script> without an address")

    handle_startendtag = handle_starttag


START = ["/inbox", "/desk", "/documents", "/documents/new", "/faq", "/facts", "/sources", "/egress", "/chat", "/calls", "/contacts", "/tasks", "/scores", "/scores/settings", "/voice", "/receipts", "/gaps", "/golden",
         "/transcribe", "/keys", "/quality", "/account", "/accounts", "/backups", "/mail", "/privacy", "/workspaces", "/status", "/synonyms", "/widget", "/widget/privacy-notice",
         "/widget/examples", "/webhooks", "/tools", "/tools/new?kind=http", "/tools/waiting", "/crm"]
# The largest number of pages of one kind that are read as HTML.
MOST_OF_KIND = 400


def kind_of(path):
    return re.sub(r"/[0-9a-f-]{32,36}(?=/|$)", "/{id}", path.split("?")[0])


def read_all(api):
    """Reads the console's pages, those they link to included; the pages by kind, and what is wrong."""
    known, by_kind, wrong = set(START), collections.defaultdict(list), []
    waiting = collections.deque(START)
    while waiting:
        path = waiting.popleft()
        kind = kind_of(path)
        if len(by_kind[kind]) >= MOST_OF_KIND:
            continue
        status, headers, content = api.raw("GET", urllib.parse.quote(path, safe="/?&=%:+~,;@!$*()'"), None, {"Cookie": api.cookie})
        if not headers.get("Content-Type", "").startswith("text/html"):
            if status >= 500:
                wrong.append(f"{path}: {status}")
            continue
        by_kind[kind].append(path)
        seen = Seen()
        seen.feed(content.decode(errors="replace"))
        wrong += [f"{path}: {one}" for one in seen.found]
        if status >= 500:
            wrong.append(f"{path}: {status}")
        for link in seen.links:
            if link not in known and not re.match(r"/(assets|logout|api|openapi|privacy/copy|workspaces/.*/export|backups/|talk)", link):
                known.add(link)
                waiting.append(link)
    return by_kind, wrong


class Looks:
    """A browser that looks at pages, and what it noticed."""

    def __init__(self, api):
        self.driver, self.pages, self.ran, self.stopped, self.found = Driver(more=["--window-size=1400,900"]), 0, [], collections.Counter(), []
        self.driver.ask("POST", self.driver.session + "/goog/cdp/execute", {"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": WATCH}})
        self.driver.open(api.server.address + "/login")
        for pair in api.cookie.split("; "):
            name, value = pair.split("=", 1)
            self.driver.ask("POST", self.driver.session + "/cookie", {"cookie": {"name": name, "value": value, "path": "/", "httpOnly": True}})

    def open(self, url, ready=None, wait=0.25):
        self.driver.open(url)
        if ready:
            self.driver.wait(ready, 60, url)
        time.sleep(wait)
        self.note(url)

    def note(self, where):
        self.pages += 1
        told = self.driver.js(AUDIT)
        self.ran += [f"{where}: {one}" for one in told["ran"]]
        self.found += [f"{where}: {one}" for one in told["found"]]
        for one in told["stopped"]:
            self.stopped[f"{urllib.parse.urlparse(where).path}: {one[:160]}"] += 1


def beacon():
    """A server that scripts and styles would call; what it was asked for, and its port."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    return asked, served.server_port


def serve_raw(texts):
    """A page that does not escape them, each in a frame of its own; nothing else is there, so that no frame finds the page in itself."""
    frames = "".join(f'<iframe srcdoc="{html.escape(text)}"></iframe>' for text in texts)
    page = f'<!doctype html><meta charset="utf-8"><title>Control</title>{frames}'.encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/control" else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if self.path == "/control" else b"")

        def log_message(self, *_):
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    return served, f"http://127.0.0.1:{served.server_port}/control"


def prove(looks, payloads, called):
    """That what is looked for is seen: the same texts in a page that does not escape them."""
    ran = set()
    for start in range(0, len(payloads), 20):
        served, address = serve_raw(payloads[start:start + 20])
        looks.driver.open(address)
        time.sleep(0.7)
        ran |= {number for one in looks.driver.js(AUDIT)["ran"] for number in re.findall(r"\d+", one)[:1]}
        served.shutdown()
    print(f"control: in a page that does not escape, {len(ran)} of {len(payloads)} texts run by themselves, and {len(set(called))} call the beacon", flush=True)
    if len(ran) < len(payloads) / 5 or not called:
        raise SystemExit("the control shows too little: what is looked for would not be seen")
    called.clear()


WIDGET = 'document.querySelector("frontdesk-widget")?.shadowRoot'


def look_at_widget(looks, server, fields, payloads, most):
    """The widget with settings made of the texts, with each visitor's history, and the page to talk on."""
    fields.say("widget, texts", fields.api("PATCH", "/api/v1/widget", {"title": "Shop", "options": {"lead": True, "rate": True, "files": True}}))
    shop = serve_page(server, f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
        <script src="{server.address}/widget.js" data-site="{server.site}" async></script><body><h1>Shop</h1>""")
    key = f"frontdesk:{server.address}:{server.site}"
    opened = f"return {WIDGET}?.querySelector('.first')?.textContent && {WIDGET}.querySelectorAll('.said').length > %d"
    click = f"for (const one of {WIDGET}.querySelectorAll('.cite')) one.click()"
    looks.driver.open(shop)
    for number, token in sorted(fields.visits.items())[::max(1, len(fields.visits) // most)]:
        looks.driver.js("localStorage.setItem(arguments[0], `${arguments[1]} ${Date.now() + 3600000}`); sessionStorage.setItem(arguments[0] + ':open', '1')", key, token)
        looks.driver.open(shop)
        looks.driver.wait(opened % 2, 30, f"the history of visitor {number}")
        looks.driver.js(click)
        looks.note(f"{shop}widget-of-visitor")
    looks.driver.js("localStorage.clear(); sessionStorage.clear()")
    for start in range(0, len(payloads), 9):
        fields.widget(payloads[start:start + 9])
        looks.driver.js("localStorage.clear(); sessionStorage.clear()")
        looks.open(shop, f"return {WIDGET}?.querySelector('.launch:not([hidden])')")
        looks.driver.js(f"{WIDGET}.querySelector('.launch').click()")
        time.sleep(0.3)
        looks.note(f"{shop}widget-with-settings")
        for path in (f"/talk/{server.site}", f"/talk/{server.site}/frame", "/widget", "/widget/privacy-notice"):
            looks.open(server.address + path)


def look_at_console(looks, api, by_kind, samples, fields):
    for kind, paths in sorted(by_kind.items()):
        lists = [path for path in paths if "?" in path or path == kind]
        step = max(1, len(paths) // samples)
        for path in [*lists[:samples], *paths[::step][:samples]]:
            looks.open(api.server.address + path, None, 0.4 if path.startswith("/inbox") else 0.15)
    if fields and hasattr(fields, "full"):
        looks.open(f"{api.server.address}/inbox/{fields.full}", "return document.querySelectorAll('.msg').length > 5", 1)
        while looks.driver.js("const more = document.querySelector('.talk__older:not([hidden])'); more?.click(); return Boolean(more)"):
            time.sleep(0.5)
        looks.note(f"{api.server.address}/inbox/all-of-it")
        shown = looks.driver.js("return document.querySelectorAll('.msg, .note').length")
        print(f"the inbox's conversation with all texts shows {shown} entries")


def check_headers(api, fields):
    """Policies of pages and files, redirects, and requests from other sites; what is wrong."""
    wrong, server = [], api.server
    own = {"Cookie": api.cookie}
    count = collections.Counter()

    def expect(kind, holds, what):
        count[kind] += 1
        if not holds:
            wrong.append(f"{kind}: {what}")

    public = ["/login", "/setup", "/talk", f"/talk/{server.site}", "/widget.js", "/openapi.json", "/healthz", "/nothing-here", "/api/v1/nothing", f"/api/v1/visit/look?s={server.site}"]
    for path in [*START, *public]:
        status, headers, _ = api.raw("GET", path, None, own)
        policy = headers.get("Content-Security-Policy", "")
        scripts = re.search(r"script-src ([^;]*)", policy) or re.search(r"default-src ([^;]*)", policy)
        expect("policy", scripts and not re.search(r"unsafe|\*|data:|https?:", scripts[1]), f"{path}: {policy!r}")
        expect("policy", "base-uri 'none'" in policy and "form-action" in policy, f"{path}: {policy!r}")
        expect("frames", "frame-ancestors 'none'" in policy, f"{path}: {policy!r}")
        expect("nosniff", headers.get("X-Content-Type-Options") == "nosniff", path)
    framed = api.raw("GET", f"/talk/{server.site}/frame")[1]
    expect("frames", "frame-ancestors" in framed.get("Content-Security-Policy", "") and "frame-ancestors *" not in framed.get("Content-Security-Policy", ""), f"frame: {framed.get('Content-Security-Policy')}")
    # Files: nothing but raster pictures is shown within a page of ours.
    files = []
    if fields and fields.visits:
        for conversation in [fields.full, *fields.conversations[:20]]:
            detail = api("GET", f"/api/v1/inbox/{conversation}")[1]
            files += [f"/api/v1/attachments/{file['id']}" for one in detail.get("transcript", []) for file in one.get("attachments", [])]
        token = next(iter(fields.visits.values()))
        for path in ("/api/v1/visit/export", "/api/v1/visit/transcript"):
            _, headers, _ = api.raw("GET", path, None, {"Authorization": f"Bearer {token}"})
            expect("files", not headers.get("Content-Type", "").startswith("text/html") and headers.get("X-Content-Type-Options") == "nosniff", f"{path}: {headers.get('Content-Type')}")
        documents = api("GET", "/api/v1/documents?limit=20")[1].get("documents", [])
        files += [f"/api/v1/documents/{one['id']}/versions/{one['version']}/original" for one in documents if one.get("version")]
    files += ["/api/v1/contacts/export", "/api/v1/receipts/export", "/api/v1/calls/export", "/api/v1/routing/export", "/api/v1/analyses/export", "/api/v1/golden/export", "/workspaces/default/export"]
    for path in files:
        status, headers, _ = api.raw("GET", path, None, own)
        if status == 404:
            continue
        told = f"{path}: {status} {headers.get('Content-Type')} {headers.get('Content-Disposition')}"
        expect("files", headers.get("Content-Disposition", "").startswith("attachment"), told)
        expect("files", headers.get("X-Content-Type-Options") == "nosniff" and not headers.get("Content-Type", "").startswith(("text/html", "image/svg")), told)
    # Whatever `next` says, people stay here.
    evil = ["//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example", "/%09/evil.example", "/\t/evil.example", "/\n/evil.example",
            "javascript:alert(1)", "data:text/html,x", "/%2f%2fevil.example", "//evil.example/%2e%2e", "/.//evil.example", "/..//evil.example", "/@evil.example", "http:///evil.example", "//evil。example", "/;@evil.example", "\x00//evil.example"]
    for to in evil:
        query = urllib.parse.urlencode({"next": to})
        for method, path, body in [("GET", f"/login?{query}", None), ("GET", f"/setup?{query}", None), ("GET", f"/login/code?{query}", None), ("GET", f"/?{query}", None),
                                   ("POST", "/login", urllib.parse.urlencode({**OWNER, "next": to}))]:
            headers = {"Origin": server.address, "Content-Type": "application/x-www-form-urlencoded"} if body else own
            _, answered, _ = api.raw(method, path, body, headers)
            location = answered.get("Location", "")
            expect("redirects", location == "" or re.match(r"^/(?![/\\])[\x21-\x7e]*$", location), f"{method} {path}: Location {location!r}")
            # A browser takes away dots: `/.//host` becomes `//host`, still of this site.
            expect("redirects", not location or urllib.parse.urlparse(urllib.parse.urljoin(server.address, location)).netloc == urllib.parse.urlparse(server.address).netloc, f"{method} {path}: {location!r}")
    # Another site with the browser's cookie, on every route of the description, and every form of the console.
    described = json.loads(api.raw("GET", "/openapi.json")[2])["paths"]
    routes = [(verb.upper(), re.sub(r"{\w+}", "00000000-0000-7000-8000-000000000000", path)) for path, verbs in described.items() for verb in verbs
              if verb in ("post", "put", "patch", "delete") and not path.startswith(("/v1", "/api/v1/visit"))]
    forms = ["/logout", "/desk", "/faq", "/sources", "/facts/add", "/documents/new", "/keys", "/accounts", "/account", "/account/password", "/backups", "/mail", "/mail/remove", "/privacy/erase", "/widget",
             "/widget/open", "/widget/site-key", "/webhooks", "/workspaces/default/close", "/account/close", "/synonyms", "/voice", "/golden", "/quality/gate", "/contacts", "/tasks", "/scores/settings", "/login", "/setup"]
    routes += [("POST", path) for path in forms]
    before = api("GET", "/api/v1/widget")[1]
    for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}, {"Origin": f"{server.address}.evil.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": server.address}, {"Sec-Fetch-Site": "same-site"}):
        for method, path in routes:
            kind = "application/json" if path.startswith("/api") else "application/x-www-form-urlencoded"
            for content, body in ((kind, "{}" if "json" in kind else "a=b"), ("text/plain", "{}")):
                status, _, answer = api.raw(method, path, body, {**own, **origin, "Content-Type": content})
                expect("other sites", status == 403, f"{method} {path} from {origin}: {status} {answer[:80]!r}")
    expect("other sites", api("GET", "/api/v1/widget")[1] == before and api.raw("GET", "/inbox", None, own)[0] == 200, "something changed, or the session ended")
    # Nothing changes by GET.
    for method, path in routes:
        status, _, _ = api.raw("GET", path, None, own)
        expect("GET", status < 500, f"GET {path}: {status}")
    for path in ("/logout", "/widget/open", "/widget/site-key", "/account/close", "/backups/recovery-key"):
        status, _, _ = api.raw("GET", path, None, own)
        expect("GET", status in (404, 405), f"GET {path}: {status}")
    expect("GET", api("GET", "/api/v1/widget")[1] == before and api.raw("GET", "/inbox", None, own)[0] == 200, "something changed, or the session ended")
    # Whoever reads an answer from another site: no answer lets them, but for what is for visitors.
    for path in ("/api/v1/inbox", "/api/v1/status", "/inbox", "/api/v1/contacts"):
        _, headers, _ = api.raw("GET", path, None, {**own, "Origin": "https://evil.example"})
        expect("other sites", "Access-Control-Allow-Origin" not in headers and "Access-Control-Allow-Credentials" not in headers, f"{path} may be read")
    print("\n| looked at | checks |\n|---|---|")
    for kind, number in count.items():
        print(f"| {kind} | {number} |")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frontdesk")
    parser.add_argument("--payloads", type=int, default=300)
    parser.add_argument("--samples", type=int, default=8, help="pages of each kind that are opened in the browser")
    parser.add_argument("--visits", type=int, default=300, help="visitors whose conversation is opened in the widget")
    parser.add_argument("--only", default="control,fields,html,browser,widget,headers")
    asked = parser.parse_args()
    only, began, wrong, looks = asked.only.split(","), time.time(), [], None
    called, port = beacon()
    chosen = xss_payloads.build(port, asked.payloads)
    payloads = [text for _, text in chosen]
    print(f"{len(payloads)} texts of {len({family for family, _ in chosen})} families")
    # The name of the business is the first text that a page shows.
    server = Server(os.path.abspath(asked.frontdesk), ["egress.web=false"], business="Shop </title><img src=x fdx onerror=ran(0)>\"'")
    try:
        api, fields = Api(server), None
        if "fields" in only:
            fields = Fields(api, payloads)
            fields.whole()
            print(f"settings and knowledge are written, {time.time() - began:.0f} s", flush=True)
            fields.visitors()
            print(f"visitors and staff have spoken, {time.time() - began:.0f} s", flush=True)
            fields.documents()
            print(f"documents are handed in, {time.time() - began:.0f} s", flush=True)
        by_kind = {path: [path] for path in START}
        if "html" in only:
            by_kind, found = read_all(api)
            print(f"{sum(map(len, by_kind.values()))} pages of {len(by_kind)} kinds are read as HTML: {len(found)} wrong; {time.time() - began:.0f} s", flush=True)
            wrong += found
        looks = Looks(api) if {"browser", "widget"} & set(only) else None
        if looks and "control" in only:
            prove(looks, payloads, called)
        if "browser" in only:
            look_at_console(looks, api, by_kind, asked.samples, fields)
            print(f"{looks.pages} pages of the console are opened, {time.time() - began:.0f} s", flush=True)
        if "widget" in only and fields:
            look_at_widget(looks, server, fields, payloads, asked.visits)
            print(f"{looks.pages} pages are opened, with the widget's, {time.time() - began:.0f} s", flush=True)
        if "headers" in only:
            wrong += check_headers(api, fields)
        if fields:
            print("\n| field | taken | refused | too many | broken |\n|---|---|---|---|---|")
            for field, count in fields.counts.items():
                print(f"| {field} | " + " | ".join(str(count[kind]) for kind in ("taken", "refused", "too many", "broken")) + " |")
                if not count["taken"]:
                    print(f"  (the last refusal: {fields.refusals[field]})")
            wrong += [f"{field}: the server failed {count['broken']} times" for field, count in fields.counts.items() if count["broken"]]
        if looks:
            print(f"\nexecuted: {len(looks.ran)}; elements or links of a text: {len(looks.found)}; calls of the beacon: {len(called)}; stopped by the policy: {sum(looks.stopped.values())}")
            for one, number in looks.stopped.most_common(10):
                print(f"  stopped {number} times: {one}")
            wrong += looks.ran + looks.found + [f"the beacon was called: {one}" for one in called[:10]]
            wrong += [f"stopped by the policy only: {one}" for one in looks.stopped]
        print(f"\n{len(wrong)} not as it should be, {time.time() - began:.0f} s")
        for one in wrong[:60]:
            print("-", one)
        if wrong:
            raise SystemExit(1)
    finally:
        if looks:
            looks.driver.close()
        server.close()


if __name__ == "__main__":
    main()
