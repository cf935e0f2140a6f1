#!/usr/bin/env python3
"""The inbox with many conversations: p50 and p95 of each list and search, and of the way of a visitor's message to the
stream of a person's inbox while 1,000 other conversations are open on the visitors' side. Makes a data folder with made-up
conversations (`frontdesk admin seed`) unless one is named that has them. Standard library only.

    python3 benches/inbox.py FRONTDESK [--conversations 100000] [--messages 1000000] [--data DIR] [--rounds 40] [--visitors 1000]
"""
import http.client
import json
import random
import threading
import time
import urllib.parse

from seeded import arguments, measure, seeded, show

PASSWORD = "four plain words here"
LISTS = ["", "view=everything", "view=mine", "view=unassigned", "view=waiting", "view=mentions", "view=snoozed", "view=spam",
         "view=closed", "channel=voice", "channel=cli", "tag=vip", "tag=absent", "state=closed", "view=closed&channel=voice",
         "view=mine&state=closed", "limit=200"]
SEARCHES = ["bicycle", "bicycle repair", "\"guarantee on the helmet\"", "appoint", "ap", "order", "4711", "absent-word", "the",
            "please bring the receipt of the child", "配送", "自転車 修理", "Fahrrad zurückgeben", "when are you open on sat",
            "bicycle&view=mine", "bicycle&tag=vip", "the&view=spam", "bicycle&channel=cli", "helmet&view=waiting"]


def lists(server, name, path, rounds):
    times, text = measure(server, path, rounds)
    show(f"{name} ({len(json.loads(text).get('conversations', []))})", times)
    return times


def follow(server, path, seen, token="", ready=None):
    """Calls `seen(event, data)` for each event of a stream, until the server ends it."""
    link = server.open()
    link.request("GET", path, headers=server.headers(token))
    answer = link.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {answer.read()}")
    if ready:
        ready.release()
    event, data = "", ""
    try:
        for line in answer:
            line = line.decode().rstrip("\n")
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("data:"):
                data = line[5:].strip()
            elif not line and data:
                seen(event, data)
                event, data = "", ""
    except (OSError, http.client.HTTPException):
        pass


def visitors(server, site, count):
    """So many visitors, each with a conversation and an open stream. Each comes from an address of its own."""
    made = []
    for n in range(count):
        address = f"198.{18 + n // 60000}.{n // 250 % 250}.{n % 250 + 1}"
        status, text = server.send("POST", "/api/v1/visit", {"site": site}, address=address)
        if status != 200:
            raise SystemExit(f"a visit: {status} {text}")
        made.append((json.loads(text)["token"], address))
    return made


def delivery(server, site, count, rounds):
    everybody = visitors(server, site, count)
    ready, opened = threading.Semaphore(0), 0
    for token, _ in everybody[: count - 20]:
        threading.Thread(target=follow, args=(server, "/api/v1/visit/events", lambda *_: None, token, ready), daemon=True).start()
        opened += 1
    for _ in range(opened):
        ready.acquire()
    arrived, lock = {}, threading.Condition()

    def seen(event, data):
        if event != "row":
            return
        preview, now = json.loads(data)["preview"], time.perf_counter()
        with lock:
            arrived.setdefault(preview, now)
            lock.notify_all()

    threading.Thread(target=follow, args=(server, "/api/v1/inbox/events", seen, "", ready), daemon=True).start()
    ready.acquire()
    writers = everybody[-20:]
    for token, address in writers:
        server.send("POST", "/api/v1/visit/messages", {"text": "Hello?"}, token=token, address=address)
    rows = json.loads(server.send("GET", "/api/v1/inbox?limit=20")[1])["conversations"]
    for row in rows:
        server.send("POST", f"/api/v1/inbox/{row['id']}/take", {})
    times = []
    for number in range(rounds):
        token, address = writers[number % len(writers)]
        text = f"message {number} {random.random()}"
        start = time.perf_counter()
        server.send("POST", "/api/v1/visit/messages", {"text": text, "client_id": f"c{number}"}, token=token, address=address)
        with lock:
            if not lock.wait_for(lambda: text in arrived, timeout=10):
                raise SystemExit("a message did not arrive within ten seconds")
            times.append(arrived[text] - start)
    show(f"a visitor's message to the inbox, {opened} streams of visitors open", times)


def main():
    parser = arguments(rounds=40)
    parser.add_argument("--visitors", type=int, default=1000)
    args = parser.parse_args()
    person = {"name": "Ann", "email": "ann@example.com", "role": "agent", "password": PASSWORD}
    with seeded(args, lambda server, key: server.send("POST", "/api/v1/accounts", person, token=key)) as (server, _, admin):
        form = urllib.parse.urlencode({"email": "ann@example.com", "password": PASSWORD, "next": "/"})
        server.send("POST", "/login", form, kind="application/x-www-form-urlencoded")
        print("\n| what (rows) | p50 ms | p95 ms | worst ms |\n|---|---|---|---|")
        whole, found = [], []
        for query in LISTS:
            whole += lists(server, query or "view=all", f"/api/v1/inbox?{query}", args.rounds)
        page = json.loads(server.send("GET", "/api/v1/inbox?view=everything&limit=50")[1])
        whole += lists(server, "next page", f"/api/v1/inbox?view=everything&limit=50&before={page['next']}", args.rounds)
        one = page["conversations"][0]["id"]
        whole += lists(server, "one conversation", f"/api/v1/inbox/{one}", args.rounds)
        whole += lists(server, "routing", "/api/v1/routing", args.rounds)
        for query in SEARCHES:
            words, *more = query.split("&")
            path = "&".join(["/api/v1/inbox?q=" + urllib.parse.quote(words), *more])
            found += lists(server, f"q={query}", path, args.rounds)
        show("**all lists**", whole)
        show("**all searches**", found)
        if args.visitors:
            admin("visitors")
            delivery(server, admin("site-key"), args.visitors, 200)


if __name__ == "__main__":
    main()
