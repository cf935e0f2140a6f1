#!/usr/bin/env python3
"""Analytics with many conversations: how long all figures take to be made once, and p50 and p95 of the API, the page's tables and
spans of several lengths. Makes a data folder with made-up conversations (`frontdesk admin seed`, as `inbox.py` does) unless one
is named that has them. Made-up conversations have no receipts, so what is measured is the walk, not topics.

    python3 benches/analytics.py FRONTDESK [--conversations 100000] [--messages 1000000] [--data DIR] [--rounds 20]
"""
import argparse
import datetime
import json
import os
import subprocess
import tempfile
import time

from inbox import Server, show

DAY = datetime.timedelta(days=1)


def measure(server, key, name, path, rounds):
    link, times = server.open(), []
    for _ in range(rounds):
        start = time.perf_counter()
        status, text = server.send("GET", path, token=key, connection=link)
        times.append(time.perf_counter() - start)
        if status != 200:
            raise SystemExit(f"{path}: {status} {text}")
    show(name, times)
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("frontdesk")
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--data")
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = args.data or folder

        def admin(*command):
            done = subprocess.run([args.frontdesk, "admin", *command, "--data", data], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)
            return done.stdout.strip()

        server = Server(args.frontdesk, data)
        key = json.loads(admin("key", "create", "--name", "bench", "--all", "--json"))["key"]
        server.stop()
        if not os.path.exists(os.path.join(data, "seeded")):
            print(admin("seed", "--conversations", str(args.conversations), "--messages", str(args.messages), "--yes"))
            open(os.path.join(data, "seeded"), "w").close()
        server = Server(args.frontdesk, data)
        try:
            start = time.perf_counter()
            while True:
                status, text = server.send("GET", "/api/v1/analytics", token=key)
                pending = json.loads(text).get("pending")
                if status != 200 or not pending:
                    break
            print(f"All figures made after {time.perf_counter() - start:.1f} s.")
            today = datetime.date.today()
            print("\n| what (conversations) | p50 ms | p95 ms | worst ms |\n|---|---|---|---|")
            for name, days in [("4 weeks", 28), ("a quarter", 91), ("a year", 366)]:
                path = f"/api/v1/analytics?from={today - days * DAY}&until={today}"
                found = json.loads(server.send("GET", path, token=key)[1])["figures"]["conversations"]
                measure(server, key, f"{name} ({found})", path, args.rounds)
            measure(server, key, "a year, one channel", path + "&channel=voice", args.rounds)
            table = path.replace("/analytics?", "/analytics/tables/days?")
            measure(server, key, "a year, one table", table, args.rounds)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
