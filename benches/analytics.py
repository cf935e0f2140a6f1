#!/usr/bin/env python3
"""Analytics with many conversations: how long all figures take to be made once, and p50 and p95 of the API, the page's tables and
spans of several lengths. Makes a data folder with made-up conversations (`frontdesk admin seed`, as `inbox.py` does) unless one
is named that has them. Made-up conversations have no receipts, so what is measured is the walk, not topics.

    python3 benches/analytics.py FRONTDESK [--conversations 100000] [--messages 1000000] [--data DIR] [--rounds 20]
"""
import datetime
import json
import time

from seeded import arguments, measure, seeded, show

DAY = datetime.timedelta(days=1)


def main():
    args = arguments(rounds=20).parse_args()
    with seeded(args) as (server, key, _):
        start = time.perf_counter()
        while True:
            status, text = server.send("GET", "/api/v1/analytics", token=key)
            pending = json.loads(text).get("pending")
            if status != 200 or not pending:
                break
        print(f"All figures made after {time.perf_counter() - start:.1f} s.")
        today = datetime.date.today()
        print("\n| what (conversations) | p50 ms | p95 ms | worst ms |\n|---|---|---|---|")

        def timed(name, path):
            show(name, measure(server, path, args.rounds, key)[0])

        for name, days in [("4 weeks", 28), ("a quarter", 91), ("a year", 366)]:
            path = f"/api/v1/analytics?from={today - days * DAY}&until={today}"
            found = json.loads(server.send("GET", path, token=key)[1])["figures"]["conversations"]
            timed(f"{name} ({found})", path)
        timed("a year, one channel", path + "&channel=voice")
        timed("a year, one table", path.replace("/analytics?", "/analytics/tables/days?"))


if __name__ == "__main__":
    main()
