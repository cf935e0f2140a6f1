#!/usr/bin/env python3
"""How soon the widget can be used, on this machine: a plain page of another origin with the line in its head is opened, and
measured in the page are (from the start of the navigation) when the button can be clicked, and (from the click) when the box
to write in has the focus. Cold: a new visitor with an empty cache of the browser; warm: one who has been there before. Then the
bytes of the first load as they go over the line (gzip). The goal is at most 150 ms until the button. Needs Chromium and its driver; Python's standard library only.

    python3 benches/widget_time.py FRONTDESK [--rounds 20]
"""
import argparse
import gzip
import os
import statistics
import urllib.request

from voice_browser import Driver, Server, serve_page

GOAL = 150

# Looks once a frame, as a person would, and at each change of the page.
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,"><script>
const seen = {}
const root = () => document.querySelector("frontdesk-widget")?.shadowRoot
function look() {
  const button = root()?.querySelector(".launch")
  const box = button?.getBoundingClientRect()
  if (!seen.button && box?.width && root().elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)) seen.button = performance.now()
  if (seen.clicked && !seen.box && root().activeElement?.localName === "textarea") seen.box = performance.now()
  if (seen.clicked && !seen.greeted && root().querySelector(".first")?.textContent) seen.greeted = performance.now()
  if (!seen.greeted) requestAnimationFrame(look)
}
look()
function press() { seen.clicked = performance.now(); root().querySelector(".launch").click() }
</script><script src="%s/widget.js" data-site="%s" async></script></head><body><h1>Shop</h1></body></html>"""


def round_of(driver, page, cold):
    if cold:
        driver.ask("POST", driver.session + "/goog/cdp/execute", {"cmd": "Network.clearBrowserCache", "params": {}})
        driver.js("localStorage.clear()")
    driver.js("sessionStorage.clear()")
    driver.open(page)
    driver.wait("return seen.button", what="the button")
    driver.js("press()")
    seen = driver.wait("return seen.greeted && seen", what="the open panel")
    return seen["button"], seen["box"] - seen["clicked"], seen["greeted"] - seen["clicked"]


def weigh(server, path):
    request = urllib.request.Request(server.address + path, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        body, packed = answer.read(), answer.headers.get("Content-Encoding") == "gzip"
    plain = gzip.decompress(body) if packed else body
    print(f"{path}: {len(body)} bytes{' (gzip)' if packed else ''}, {len(plain)} unpacked")
    return len(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frontdesk")
    parser.add_argument("--rounds", type=int, default=20, help="of each; an address may begin 30 visits at once")
    asked = parser.parse_args()
    server, driver = Server(os.path.abspath(asked.frontdesk)), None
    try:
        driver = Driver(more=["--window-size=1000,800"])
        page = serve_page(server, PAGE % (server.address, server.site))
        driver.open(page)
        round_of(driver, page, True)
        print("| cache | what | median ms | best | worst |\n|---|---|---|---|---|")
        medians = []
        for name, cold in (("cold", True), ("warm", False)):
            times = list(zip(*(round_of(driver, page, cold) for _ in range(asked.rounds))))
            for what, found in zip(("until the button can be clicked", "from the click until one can write", "from the click until the greeting is there"), times):
                print(f"| {name} | {what} | {statistics.median(found):.0f} | {min(found):.0f} | {max(found):.0f} |")
            medians.append(statistics.median(times[0]))
        print()
        first = weigh(server, "/widget.js") + weigh(server, f"/api/v1/visit/look?s={server.site}")
        print(f"first load: {first} bytes")
        if max(medians) > GOAL:
            raise SystemExit(f"the button takes more than {GOAL} ms")
    finally:
        if driver:
            driver.close()
        server.close()


if __name__ == "__main__":
    main()
