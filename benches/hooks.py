#!/usr/bin/env python3
"""Webhooks as Kommo sends them, 10,000 in a minute, to a server with a connected account (of our fake Kommo): forms with
brackets, messages in both spellings, old times among them, and one in twenty sent again. In the end every message must be there
once, also in the count of new messages of its lead. Prints p50, p95, p99 of the answers; ends with status 1 if one was lost or
doubled or p99 is above 200 ms. No model is needed; Python's standard library only.

    python3 benches/hooks.py FRONTDESK [--fakes FRONTDESK-FAKES] [--hooks 10000] [--seconds 60] [--leads 200]
"""
import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

ACCOUNT, HOST = 31_000_001, "shop.kommo.com"
AGAIN = 20  # one in so many hooks is sent again
SENDERS = 32
P99_MS = 200


class Fake:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary, "kommo"], stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.url, self.control = told["url"], told["control"]

    def change(self, **what):
        request = urllib.request.Request(self.control, json.dumps(what).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def show(self):
        with urllib.request.urlopen(self.control, timeout=10) as answer:
            return json.load(answer)


class Server:
    """A Frontdesk without models, and an API key of it."""

    def __init__(self, frontdesk, work, more=None):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.frontdesk, self.data = frontdesk, os.path.join(work, "data")
        models = os.path.join(work, "models")
        os.makedirs(models, exist_ok=True)
        self.env = {**os.environ, "FRONTDESK_MODELS_DIR": models, "FRONTDESK_PUBLIC_URL": f"http://127.0.0.1:{self.port}", **(more or {})}
        made = subprocess.run([frontdesk, "admin", "--data", self.data, "key", "create", "--name", "bench", "--all", "--json"],
                              env=self.env, check=True, capture_output=True, text=True)
        self.key = json.loads(made.stdout)["key"]
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.frontdesk, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.data],
                                        env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.process.poll() is None:
            try:
                if self.send("GET", "/healthz")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        raise SystemExit("the server ended")

    def send(self, method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            link.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            answer = link.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content[:1] in (b"{", b"[") else {}
        finally:
            link.close()

    def ask(self, method, path, body=None):
        status, read = self.send(method, path, body)
        if not 200 <= status < 300:
            raise SystemExit(f"{method} {path}: {status} {read}")
        return read

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()


def percentile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * share))] * 1000


def hook(number, leads, rng):
    """A body with one to three messages, and their leads."""
    named, fields = [], []
    prefix = "message[add]" if number % 2 else "add"
    for at in range(rng.choice((1, 1, 1, 2, 3))):
        lead = 1 + rng.randrange(leads)
        named.append(lead)
        row = {"id": f"m-{number}-{at}", "chat_id": f"c-{lead}", "talk_id": lead, "contact_id": lead + 1_000_000,
               "text": f"Message {number} & more = ünicode 日本", "created_at": int(time.time()) - rng.randrange(90_000),
               "message_type": "text", "type": "incoming", "origin": "waba", "element_type": 2, "element_id": lead,
               "entity_type": "lead", "entity_id": lead}
        fields += [(f"{prefix}[{at}][{name}]", value) for name, value in row.items()]
        fields += [(f"{prefix}[{at}][author][{name}]", value) for name, value in (("id", "a"), ("type", "external"), ("name", "Ana"))]
    fields += [("account[id]", ACCOUNT), ("account[subdomain]", "shop"), ("account[_links][self]", f"https://{HOST}")]
    return urllib.parse.urlencode(fields).encode(), named


def drive(port, path, bodies, seconds):
    """Sends every body at its time; returns the times of the answers, and what was not answered with 200."""
    begin, times, wrong, lock = time.perf_counter() + 0.5, [], [], threading.Lock()
    due = iter(enumerate(bodies))

    def work():
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number, body = next(due, (None, None))
            if body is None:
                return link.close()
            time.sleep(max(0, begin + seconds * number / len(bodies) - time.perf_counter()))
            start = time.perf_counter()
            try:
                link.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
                answer = link.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException) as error:
                link.close()
                status = repr(error)
            took = time.perf_counter() - start
            with lock:
                times.append(took)
                if status != 200:
                    wrong.append(status)

    workers = [threading.Thread(target=work) for _ in range(SENDERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    return times, wrong, time.perf_counter() - begin


def settled(server, account, messages):
    """Waits until nothing waits any more; seconds, and what is held."""
    since = time.time()
    while True:
        held = server.ask("GET", f"/api/v1/crm/accounts/{account}")["held"]
        if held["hooks"] == 0 and held["messages"] >= messages or time.time() - since > 120:
            return time.time() - since, held
        time.sleep(0.2)


def new_messages(server, account):
    """What each lead counts."""
    found, after = {}, ""
    while True:
        page = server.ask("GET", f"/api/v1/crm/accounts/{account}/leads?limit=100&after={urllib.parse.quote(after)}")["leads"]
        found |= {lead["id"]: lead["new_messages"] for lead in page}
        if not page or page[-1]["id"] == after:
            return found
        after = page[-1]["id"]


def main():
    about = argparse.ArgumentParser()
    about.add_argument("frontdesk")
    about.add_argument("--fakes")
    about.add_argument("--hooks", type=int, default=10_000)
    about.add_argument("--seconds", type=float, default=60)
    about.add_argument("--leads", type=int, default=200)
    args = about.parse_args()
    fakes = args.fakes or str(Path(args.frontdesk).with_name("frontdesk-fakes"))
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as work:
        fake, server = Fake(fakes), None
        try:
            token = fake.change(long_lived=True)["long_lived"]
            place = urllib.parse.urlsplit(fake.url).netloc
            server = Server(args.frontdesk, work, {"FRONTDESK_KOMMO_SERVER": fake.url, "FRONTDESK_EGRESS_ALLOW": place})
            account = server.ask("POST", "/api/v1/crm/token", {"host": HOST, "token": token})["id"]
            hooks = fake.show()["webhooks"]
            if not hooks:
                raise SystemExit("the server asked for no hooks")
            path = urllib.parse.urlsplit(hooks[0]["destination"]).path
            expected, bodies = {}, []
            for number in range(args.hooks):
                body, named = hook(number, args.leads, rng)
                bodies.append(body)
                for lead in named:
                    expected[str(lead)] = expected.get(str(lead), 0) + 1
            messages = sum(expected.values())
            sent = list(bodies)
            for body in rng.sample(bodies, args.hooks // AGAIN):
                sent.insert(rng.randrange(len(sent)), body)
            times, wrong, took = drive(server.port, path, sent, args.seconds)
            waited, held = settled(server, account, messages)
            counted = new_messages(server, account)
        finally:
            if server:
                server.stop()
            fake.process.terminate()
            fake.process.wait()
    p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
    print(f"{len(sent)} hooks in {took:.1f} s ({len(sent) - args.hooks} sent again), {len(wrong)} not answered with 200 {wrong[:3]}")
    print(f"answers: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, slowest {max(times) * 1000:.1f} ms; worked on {waited:.1f} s later")
    print(f"messages: {messages} sent, {held['messages']} kept; of {len(expected)} leads {sum(counted.get(k) != v for k, v in expected.items())} count wrongly")
    good = not wrong and held["messages"] == messages and held["hooks"] == 0 and counted == expected and p99 <= P99_MS
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
