#!/usr/bin/env python3
"""What visitors cost who have the widget open and say nothing: each holds a stream of events (`GET /api/v1/visit/events`).
Measured of the server's own process: resident memory before and after (and for each visitor), CPU time while they are idle,
and how long an answer (approved, without a model) and a page take meanwhile. The goal is DESIGN's: 10,000 within 300 MiB.

Each visitor comes from an address of its own (X-Forwarded-For, which is believed of a proxy on the same machine) over
connections from several addresses of loopback. Part of them has said something before, so that the server follows a
conversation for them. Standard library only; needs as many open files as visitors (the hard limit: `ulimit -Hn`).

    python3 benches/idle_visitors.py FRONTDESK [--visitors 10000] [--talked 500] [--idle 60] [--rounds 60]

More than about 16,000 at a time need the setting `http.connections` (FRONTDESK_HTTP_CONNECTIONS).
"""
import argparse
import asyncio
import http.client
import json
import os
import resource
import statistics
import time
import urllib.parse

from seeded import show
from voice_browser import FAQ, Server

TICKS = os.sysconf("SC_CLK_TCK")
PER_SOURCE = 4000  # connections from one address of loopback
AT_ONCE = 32  # visits that are begun at the same time


def address_of(number):
    return f"198.{18 + number // 60000}.{number // 250 % 240}.{number % 250 + 1}"


class Open:
    """A request over a connection of its own, with nothing but what the server must have."""

    def __init__(self, server, number):
        where = urllib.parse.urlparse(server.address)
        self.number, self.host, self.port = number, where.hostname, where.port

    async def ask(self, method, path, body=None, token=None):
        """The head of the answer; the connection stays."""
        source = (f"127.0.0.{2 + self.number // PER_SOURCE}", 0)
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port, local_addr=source, limit=8192)
        data = json.dumps(body).encode() if body is not None else b""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"X-Forwarded-For: {address_of(self.number)}",
                 f"Content-Length: {len(data)}", "Content-Type: application/json", "Connection: close"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise SystemExit(f"{path}: {head.decode()} {(await self.reader.read(500)).decode()}")
        return head

    async def whole(self, *request):
        await self.ask(*request)
        content = await self.reader.read()
        self.writer.close()
        return content


class Idle:
    """A visitor who has the widget open."""

    def __init__(self, server, number):
        self.server, self.number, self.bytes, self.ended = server, number, 0, False

    async def begin(self, question):
        begun = await Open(self.server, self.number).whole("POST", "/api/v1/visit", {"site": self.server.site})
        token = json.loads(begun[begun.index(b"{"):begun.rindex(b"}") + 1])["token"]
        if question:
            await Open(self.server, self.number).whole("POST", "/api/v1/visit/messages", {"text": question}, token)
        self.stream = Open(self.server, self.number)
        await self.stream.ask("GET", "/api/v1/visit/events", None, token)

    async def follow(self):
        while True:
            got = await self.stream.reader.read(4096)
            if not got:
                self.ended = True
                return
            self.bytes += len(got)


def memory(process):
    """Resident bytes of the server's own process: all, and those that are not of files."""
    with open(f"/proc/{process.pid}/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return [int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "RssAnon")]


def cpu(process):
    """Seconds of the processor so far."""
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def answers(server, question, rounds, number):
    """Seconds of each answer of one visitor."""
    where = urllib.parse.urlparse(server.address)
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address_of(number)}

    def send(path, body):
        link = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        link.request("POST", path, json.dumps(body), headers)
        answer = link.getresponse()
        content = answer.read().decode()
        link.close()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {content}")
        return content

    headers["Authorization"] = "Bearer " + json.loads(send("/api/v1/visit", {"site": server.site}))["token"]
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        content = send("/api/v1/visit/messages", {"text": question})
        times.append(time.perf_counter() - start)
        if "event: done" not in content:
            raise SystemExit(f"no answer: {content}")
    return times


def pages(server, path, rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        server.send(path)
        times.append(time.perf_counter() - start)
    return times


def latencies(server, name, question, rounds, number):
    show(f"an approved answer, {name}", answers(server, question, rounds, number))
    show(f"the page Inbox, {name}", pages(server, "/inbox", rounds))
    show(f"the page to talk on, {name}", pages(server, f"/talk/{server.site}", rounds))


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frontdesk")
    parser.add_argument("--visitors", type=int, default=10_000)
    parser.add_argument("--talked", type=int, default=500, help="how many of them have a conversation")
    parser.add_argument("--idle", type=int, default=60, help="seconds in which nothing happens")
    parser.add_argument("--rounds", type=int, default=60)
    asked = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < asked.visitors + 200:
        raise SystemExit(f"{hard} open files are too few for {asked.visitors} visitors: raise `ulimit -Hn`")
    # The server gets what a service gets of systemd by default, and raises it itself.
    server = Server(os.path.abspath(asked.frontdesk))
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        question = FAQ[0][0]
        server.approve([FAQ[0]])
        print("| what | p50 ms | p95 ms | worst ms |\n|---|---|---|---|")
        latencies(server, "nobody there", question, asked.rounds, asked.visitors)
        before, anonymous = memory(server.process)
        started, everybody = time.time(), [Idle(server, number) for number in range(asked.visitors)]
        places = asyncio.Semaphore(AT_ONCE)

        async def begin(visitor):
            async with places:
                await visitor.begin(question if visitor.number < asked.talked else None)

        await asyncio.gather(*(begin(visitor) for visitor in everybody))
        took = time.time() - started
        followed = [asyncio.create_task(visitor.follow()) for visitor in everybody]
        await asyncio.sleep(15)  # Until each was told once that the line is open.
        settled, spent, got = memory(server.process), cpu(server.process), sum(visitor.bytes for visitor in everybody)
        await asyncio.sleep(asked.idle)
        share = (cpu(server.process) - spent) / asked.idle
        got = sum(visitor.bytes for visitor in everybody) - got
        await asyncio.to_thread(latencies, server, f"{asked.visitors} there", question, asked.rounds, asked.visitors + 1)
        ended = sum(visitor.ended for visitor in everybody)
        growth, own = settled[0] - before, settled[1] - anonymous
        print(f"\n{asked.visitors} visitors ({asked.talked} with a conversation) came within {took:.0f} s; {ended} streams ended since")
        print(f"memory: {before >> 20} MiB before, {settled[0] >> 20} MiB with them: {growth >> 20} MiB more ({own >> 20} MiB without what is "
              f"of files), {growth // asked.visitors} bytes each; goal 300 MiB")
        print(f"idle: {share * 100:.1f} % of one core, {got / asked.idle / asked.visitors:.1f} bytes/s for each visitor")
        for task in followed:
            task.cancel()
        await asyncio.gather(*followed, return_exceptions=True)
        for visitor in everybody:
            visitor.stream.writer.close()
        await asyncio.sleep(15)
        after = memory(server.process)
        print(f"15 s after they left: {after[0] >> 20} MiB; load of the machine: {statistics.fmean(os.getloadavg()):.1f}")
        if ended or growth > 300 << 20:
            raise SystemExit("not as it should be")
    finally:
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
