#!/usr/bin/env python3
"""Every page of the console as people see it: pictures at 390, 768 and 1440 px in light and dark, and what is wrong with them.

Starts `serve --demo` with an empty data folder, fills it through the API, opens each page in headless Chromium, and checks:
axe-core's rules for WCAG 2.2 AA; nothing wider than the window; one h1, a title of its own, a language; everything that is
operated named, at least 24 px wide and high, and visible when it has the focus. Then each page again without JavaScript:
does it show something? Prints a table, and writes what was found into DIR/report.json; exit code 1 if anything was found.

    python3 benches/pages.py FRONTDESK --out DIR [--axe axe.min.js] [--only PART ...] [--widths 390,768,1440] [--no-pictures]

Standard library only. Needs Chromium with its driver, and axe-core: a file, or npm to fetch it. With models the calls are real.
"""
import argparse
import base64
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

sys.dont_write_bytecode = True  # No folder of compiled files beside the benches.
from pages_content import PASSWORD, fill  # noqa: E402

AXE = "axe-core@4.14.1"

# Runs in each page.
CHECKS = r"""
const bad = []
const seen = e => { const s = getComputedStyle(e), r = e.getBoundingClientRect()
  return s.visibility !== "hidden" && r.width > 0 && r.height > 0 && !e.closest("[hidden], .visually-hidden, dialog:not([open])") }
const name = e => (e.id ? "#" + e.id : e.localName + [...e.classList].map(c => "." + c).join("")) + " " + (e.textContent || "").trim().slice(0, 24)
const page = document.documentElement
if (page.scrollWidth > innerWidth) bad.push("scrolls sideways by " + (page.scrollWidth - innerWidth))
const scrolls = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
  if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX)) return true }
for (const e of document.body.querySelectorAll("*")) {
  const r = e.getBoundingClientRect()
  if (seen(e) && (r.right > innerWidth + 1 || r.left < -1) && !scrolls(e) && !e.closest("svg, .skip-link")) { bad.push("beyond the window: " + name(e)); break }
}
for (const e of document.querySelectorAll("button, .button, h1, h2, th, .badge, label, summary")) {
  if (seen(e) && e.clientWidth && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible" && getComputedStyle(e).textOverflow !== "ellipsis") bad.push("cut: " + name(e))
}
const h1 = document.querySelectorAll("h1").length
if (h1 !== 1) bad.push(h1 + " h1")
if (!page.lang) bad.push("no language")
if (!document.title) bad.push("no title")
for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, summary")) {
  if (!seen(e)) continue
  const named = e.labels?.length || e.ariaLabel || e.title || e.getAttribute("aria-labelledby") || /button|summary/.test(e.localName) && e.textContent.trim()
  if (!named) bad.push("no name: " + e.outerHTML.slice(0, 80))
}
// 2.5.8 leaves out links in a sentence, and what the browser draws (a box with its own label around it).
for (const e of document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden]), textarea")) {
  if (!seen(e)) continue
  const label = e.closest("label") ?? e.labels?.[0]
  const r = (/checkbox|radio/.test(e.type) && label ? label : e).getBoundingClientRect()
  const inText = e.localName === "a" && getComputedStyle(e).display === "inline"
  if (!inText && Math.min(r.width, r.height) < 23.5) bad.push("small " + Math.round(r.width) + "×" + Math.round(r.height) + ": " + name(e))
}
return bad
"""

# Whether the focus can be seen: the outline, or anything else of the look, is another one.
FOCUS = r"""
const bad = [], done = arguments[arguments.length - 1]
const one = e => { const s = getComputedStyle(e); return s.outlineStyle + s.outlineWidth + s.boxShadow + s.borderColor + s.backgroundColor }
// A row or a box may show the focus of what is in it.
const look = e => { let all = ""; for (let n = 0; e && n < 5; n++, e = e.parentElement) all += one(e); return all }
for (const e of document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden]), textarea, [tabindex='0']")) {
  if (!e.checkVisibility({ visibilityProperty: true }) || e.disabled || e.closest("dialog:not([open])")) continue
  // A hidden box shows its focus on the label around it.
  const shown = e.closest(".visually-hidden, .skip-link") || getComputedStyle(e).opacity === "0" ? e.closest("label") : e
  if (!shown) continue
  document.activeElement?.blur()
  const before = look(shown)
  e.focus({ preventScroll: true, focusVisible: true })
  if (document.activeElement === e && look(shown) === before) bad.push("focus unseen: " + e.outerHTML.slice(0, 90))
}
document.activeElement?.blur()
scrollTo(0, 0)
done(bad)
"""

RUN_AXE = r"""
const done = arguments[arguments.length - 1]
axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: { "color-contrast-enhanced": { enabled: false } } })
  .then(found => done(found.violations.map(v => [v.id, v.nodes.length, v.nodes[0].target.join(" "), (v.nodes[0].failureSummary || "").split("\n").slice(1, 3).join(" ").trim()])),
        error => done([["axe", 1, String(error), ""]]))
"""


class Browser:
    """The little of W3C WebDriver and of Chromium's own protocol that is needed."""

    def __init__(self, *more, preferences=None):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        found = next((f for f in (re.search(r"successfully on port (\d+)", line) for line in self.process.stdout) if f), None)
        if not found:
            raise SystemExit("chromedriver did not start")
        self.base = f"http://127.0.0.1:{found[1]}"
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-prefers-reduced-motion",
                "--lang=en-GB", f"--user-data-dir={self.profile.name}", *more]
        options = {"args": args, "prefs": preferences or {}}
        self.session = ""
        made = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self.session = "/session/" + made["sessionId"]
        self.ask("POST", "/timeouts", {"script": 60_000})

    def ask(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + self.session + path, data, {"content-type": "application/json"}, method=method)
        try:
            return json.load(urllib.request.urlopen(request, timeout=120))["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"][:500]) from None

    def cdp(self, command, **params):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def js(self, script, *args):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait_js(self, script, *args):
        return self.ask("POST", "/execute/async", {"script": script, "args": list(args)})

    def until(self, script, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            if found := self.js(script):
                return found
            time.sleep(0.15)
        return None

    def size(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def theme(self, name):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])
        # Colours that change take a frame or two.
        self.wait_js("const done = arguments[0]; requestAnimationFrame(() => setTimeout(done, 150))")

    def picture(self, path):
        whole = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": whole["width"], "height": min(whole["height"], 6000), "scale": 1}
        path.write_bytes(base64.b64decode(self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]))

    def close(self):
        try:
            self.ask("DELETE", "")
        except (RuntimeError, OSError):
            pass
        self.process.terminate()
        self.process.wait(20)


class Server:
    """A server of its own; `setup_link` makes the owner's account."""

    def __init__(self, frontdesk):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # A second workspace beside the demo's.
        seed = ["admin", "seed", "--workspace", "north-branch", "--conversations", "6", "--messages", "30", "--data", self.folder.name]
        subprocess.run([frontdesk, *seed, "--yes"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        self.process = subprocess.Popen([frontdesk, "serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--data", self.folder.name],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        told = json.loads(next(line for line in self.process.stdout if line.startswith("{")))
        threading.Thread(target=lambda: [None for _ in self.process.stdout], daemon=True).start()
        self.address, self.setup_link = told["address"], told["setup_link"]
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.site, self.refused = "", []

    def send(self, method, path, body=None, form=False, token="", from_address=""):
        """The answer's JSON or text; what was refused is remembered and told at the end."""
        headers = {"origin": self.address, "accept": "application/json"}
        headers["content-type"] = "application/x-www-form-urlencoded" if form else "application/json"
        if token:
            headers["authorization"] = "Bearer " + token
        if from_address:
            headers["x-forwarded-for"] = from_address
        data = None if body is None else (urllib.parse.urlencode(body) if form else json.dumps(body)).encode()
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        opener = urllib.request.build_opener() if token else self.opener
        try:
            text = opener.open(request, timeout=180).read().decode()
        except urllib.error.HTTPError as error:
            self.refused.append(f"{method} {path}: {error.code} {error.read().decode()[:300]}")
            return {}
        try:
            return json.loads(text)
        except ValueError:
            return text

    def post(self, path, body=None, **how):
        return self.send("POST", path, body if body is not None else {}, **how)

    def set_up(self):
        token = urllib.parse.parse_qs(urllib.parse.urlparse(self.setup_link).query)["token"][0]
        self.post("/setup", {"token": token, "business": "Marlow Street Bicycles", "name": "Ines Marlow", "email": "ines@marlow.example",
                             "password": PASSWORD, "password_again": PASSWORD, "open": "1"}, form=True)
        self.site = self.send("GET", "/api/v1/widget").get("site", "")
        return next(c for c in self.cookies if "session" in c.name.lower() or "fd" in c.name.lower())

    def wait_ready(self):
        for _ in range(240):
            documents = self.send("GET", "/api/v1/documents").get("documents", [])
            if documents and all(d["state"] in ("ready", "failed") for d in documents):
                return documents
            time.sleep(0.5)
        return []

    def close(self):
        self.process.terminate()
        self.process.wait(60)


def make_call(server, address):
    """A call from a page with the widget: Chromium's own microphone beeps. None without the voice's models."""
    browser = Browser("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required")
    try:
        browser.open(address)
        inside = 'return Boolean(document.querySelector("frontdesk-widget")?.shadowRoot?.querySelector("%s"))'
        press = 'document.querySelector("frontdesk-widget").shadowRoot.querySelector("%s").click()'
        talk = "form [aria-label='Talk to us']:not([disabled])"
        if browser.until(inside % ".launch"):
            browser.js(press % ".launch")
            if browser.until(inside % talk, 30):
                browser.js(press % talk)
                time.sleep(14)
        browser.open("about:blank")
        time.sleep(2)
    finally:
        browser.close()
    calls = server.send("GET", "/api/v1/calls").get("calls", [])
    return calls[0]["id"] if calls else ""


def shop(server):
    """A foreign page with the widget."""
    html = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Shop</title><style>body {{ margin: 0; font: 18px/1.6 Georgia, serif; color: #222; background: #fbf9f4 }} main {{ max-width: 44rem; margin: 12vh auto; padding: 0 1.5rem }}
h1 {{ font-size: 2.2rem }}</style><script src="{server.address}/widget.js" data-site="{server.site}" async></script></head>
<body><main><h1>Marlow Street Bicycles</h1><p>City bikes, cargo bikes and everything that keeps them going: sale, rental and a workshop where you can watch.</p></main></body></html>"""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass

    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    return f"http://localhost:{pages.server_port}/"


def pages(ids, server, run):
    """Name and path of each page; what needs an id that is not there is left out."""
    plain = ["inbox", "inbox?view=everything", "inbox?view=closed", "inbox?q=nothing-like-this", "routing", "desk", "documents", "documents/new", "faq", "facts", "sources",
             "egress", "chat", "calls", "contacts", "contacts?q=nobody", "tasks", "tasks?state=done", "voice", "receipts", "gaps", "golden", "transcribe", "keys",
             "quality", "analytics", "account", "account/second-factor", "accounts", "backups", "mail", "privacy", "privacy?who=amelia%40stone.example",
             "workspaces", "status", "synonyms", "tags", "workflows", "workflows/table", "workflows/table/runs", "tools", "tools/new", "tools/new?kind=calendar", "tools/waiting", "audit", "overview", "sign-on",
             "crm", "providers", "subprocessors", "usage", "plans", "billing", "scores", "scores/settings", "assistants", "assistants/frontdesk", "assistants/frontdesk?tab=topics", "assistants/frontdesk?tab=versions", "assistants/frontdesk?tab=try", "widget", "widget/examples", "widget/privacy-notice", "webhooks", "welcome", "welcome/business", "welcome/knowledge",
             "welcome/try", "welcome/website", "welcome/machine", "nothing-here"]
    found = [(path.replace("/", "-"), "/" + path) for path in plain]
    for kind, path in [("conversation", "/inbox/{}"), ("document", "/documents/{}"), ("document", "/documents/{}/changes"),
                       ("document", "/documents/{}/edit"), ("faq", "/faq/{}"), ("contact", "/contacts/{}"), ("receipt", "/receipts/{}"),
                       ("call", "/calls/{}"), ("webhook", "/webhooks/{}"), ("provider", "/providers/{}"), ("tool", "/tools/{}"), ("score", "/scores/{}"), ("invitation", "/invitation?token={}")]:
        if ids.get(kind):
            found.append((path.replace("{}", "one").strip("/").replace("/", "-"), path.format(ids[kind])))
    if run:
        found.append(("quality-run", f"/quality/runs/{run}"))
    found.append(("talk", f"/talk/{server.site}"))
    return found


def get_axe(named):
    if named:
        return Path(named).read_text()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run("tar xzf *.tgz", cwd=folder, check=True, shell=True)
        return (Path(folder) / "package/axe.min.js").read_text()


def file_name(name):
    return re.sub(r"[^\w-]+", "_", name)


class Looker:
    def __init__(self, browser, axe, out, widths, pictures):
        self.browser, self.axe, self.out, self.widths, self.pictures = browser, axe, out, widths, pictures
        self.titles, self.table, self.found = {}, {}, []
        # Of axe-core: page, width, theme, rule, number of elements, the first of them, what is wrong.
        self.broken = []

    def look(self, name, url, after=""):
        """Opens a page at each width, in light and dark."""
        cells = []
        for width in self.widths:
            self.browser.size(width, 844 if width < 700 else 900)
            self.browser.theme("light")
            self.browser.open(url)
            self.browser.until("return document.readyState === 'complete'")
            time.sleep(0.5)
            if after:
                self.browser.js(after)
                time.sleep(0.8)
            for theme in ("light", "dark"):
                self.browser.theme(theme)
                cells.append(self.check(name, width, theme))
        self.table[name] = cells
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        title = self.browser.js("return document.title").strip()
        page = name.split("?")[0].removeprefix("empty-")
        other = self.titles.setdefault(title, page)
        if other != page:
            self.found.append(f"{name}: the title “{title}” is that of {other}")

    def check(self, name, width, theme):
        if self.pictures:
            self.browser.picture(self.out / f"{file_name(name)}-{width}-{theme}.png")
        self.browser.js(self.axe + ";")
        broken = self.browser.wait_js(RUN_AXE)
        bad = self.browser.js(CHECKS) if theme == "light" else []
        if theme == "light" and width == self.widths[-1]:
            bad += self.browser.wait_js(FOCUS)
        for rule, count, where, why in broken:
            self.found.append(f"{name} {width} {theme}: axe {rule} ×{count} at {where}: {why}")
            self.broken.append({"page": name, "width": width, "theme": theme, "rule": rule, "elements": count, "first": where, "why": why})
        self.found += [f"{name} {width} {theme}: {one}" for one in bad]
        return f"{len(broken)}/{len(bad)}" if broken or bad else "·"


def without_scripts(server, cookie, names, out, pictures):
    """What each page says with JavaScript off: too little, or a box that waits for a script."""
    browser = Browser(preferences={"profile.managed_default_content_settings.javascript": 2})
    found = []
    try:
        browser.size(1440, 900)
        browser.open(server.address + "/login")
        browser.ask("POST", "/cookie", {"cookie": {"name": cookie.name, "value": cookie.value, "path": "/"}})
        for name, path in names:
            browser.open(server.address + path)
            words = browser.js("return (document.querySelector('main') ?? document.body).innerText.split(/\\s+/).length")
            if words < 12:
                found.append(f"{name}: {words} words without JavaScript")
            # Elements that only a script fills, and controls that nothing sends.
            dead = browser.js("return [...document.querySelectorAll('main button[type=button]')].filter(b => b.checkVisibility() && !b.closest('noscript, form[method=dialog]')).map(b => (b.ariaLabel || b.textContent).trim().slice(0, 30))")
            if dead:
                found.append(f"{name}: without JavaScript dead: {', '.join(dead[:6])}")
            if pictures:
                browser.picture(out / f"{file_name(name)}-unscripted.png")
    finally:
        browser.close()
    return found


def write_report(looker, unscripted, axe, out):
    """What axe-core and our own checks found, on one page of JSON."""
    version = re.search(r"axe v([\d.]+)", axe)
    clean = [name for name in looker.table if not any(one["page"] == name for one in looker.broken)]
    report = {
        "axe-core": version[1] if version else AXE, "rules": "WCAG 2.0 to 2.2, A and AA, and axe-core's best practices",
        "widths": looker.widths, "themes": ["light", "dark"], "pages": len(looker.table), "pages_without_violation": len(clean),
        "violations": looker.broken, "other_faults": [one for one in looker.found if ": axe " not in one],
        "without_javascript": unscripted, "looked_at": list(looker.table),
    }
    (out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("frontdesk")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--axe")
    parser.add_argument("--only", nargs="*", default=[], help="names of pages, or parts of them")
    parser.add_argument("--widths", default="390,768,1440")
    parser.add_argument("--no-pictures", action="store_true")
    parser.add_argument("--keep", action="store_true", help="wait at the end, with the server running")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    widths = [int(width) for width in args.widths.split(",")]
    axe = get_axe(args.axe)
    wanted = lambda name: not args.only or any(part in name for part in args.only)
    server = Server(args.frontdesk)
    browser = None
    try:
        browser = Browser()
        looker = Looker(browser, axe, args.out, widths, not args.no_pictures)
        print("each cell: rules of axe-core broken / other faults\n\n| page | " + " | ".join(f"{w} {t}" for w in widths for t in ("light", "dark")) + " |")
        print("|---" * (1 + 2 * len(widths)) + "|", flush=True)
        for name, path in [("setup-no-link", "/setup"), ("setup", server.setup_link.replace(server.address, ""))]:
            if wanted(name):
                looker.look(name, server.address + path)
        cookie = server.set_up()
        for name, path in [("login", "/login"), ("setup-gone", "/setup")]:
            if wanted(name):
                looker.look(name, server.address + path)
        foreign = shop(server)
        if wanted("empty"):
            browser.ask("POST", "/cookie", {"cookie": {"name": cookie.name, "value": cookie.value, "path": "/"}})
            for path in ("inbox", "contacts", "tasks", "calls", "receipts", "gaps", "golden", "faq", "sources", "webhooks", "keys", "backups", "quality"):
                looker.look("empty-" + path, f"{server.address}/{path}")
        ids = fill(server)
        if wanted("call"):
            ids["call"] = make_call(server, foreign)
        runs = server.send("GET", "/api/v1/evals").get("runs") or []
        names = pages(ids, server, runs[0].get("id", "") if runs else "")
        browser.open(server.address + "/login")
        browser.ask("POST", "/cookie", {"cookie": {"name": cookie.name, "value": cookie.value, "path": "/"}})
        for name, path in names:
            if wanted(name):
                looker.look(name, server.address + path)
        if wanted("shop"):
            looker.look("shop", foreign, "document.querySelector('frontdesk-widget').open()")
        unscripted = without_scripts(server, cookie, [(n, p) for n, p in names if wanted(n)], args.out, not args.no_pictures)
        write_report(looker, unscripted, axe, args.out)
        print()
        for one in looker.found:
            print(one)
        print(f"\n{len(looker.table)} pages, {len(looker.found)} faults; without JavaScript {len(unscripted)}:")
        print("\n".join(unscripted))
        if server.refused:
            print("\nrefused while filling:", *server.refused, sep="\n  ")
        if args.keep:
            print(server.address, cookie.name, cookie.value, flush=True)
            sys.stdin.read()
    finally:
        if browser:
            browser.close()
        server.close()
    raise SystemExit(1 if looker.found or unscripted else 0)


if __name__ == "__main__":
    main()
