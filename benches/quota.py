#!/usr/bin/env python3
"""Quotas under load and kills: 1,000 analyses are asked for at once where 300 are left, then the server is killed (SIGKILL) 50
times while more are asked for, then the rest of the limit is used up. Counted must never be more than the limit nor anything but
what is stored, nothing may stay reserved, and exactly the limit can be used. No model is needed; standard library only.

    python3 benches/quota.py FRONTDESK [--at-once 1000] [--kills 50] [--each 40] [--seed 1]
"""
import argparse
import http.client
import random
import signal
import sys
import tempfile
import threading
import time

from hooks import Server, percentile

FIRST_LIMIT = 300
LATER = 700  # what the limit grows by before the kills


class Desk:
    def __init__(self, frontdesk, work):
        self.server = Server(frontdesk, work)
        self.plan = self.server.ask("POST", "/api/v1/plans", {"name": "Bench", "limits": {"analyses": FIRST_LIMIT}})["id"]
        self.server.ask("PUT", "/api/v1/workspaces/default/plan", {"plan": self.plan})
        self.limit, self.asked, self.lock = FIRST_LIMIT, 0, threading.Lock()

    def raise_limit(self, limit):
        self.server.ask("PUT", f"/api/v1/plans/{self.plan}", {"name": "Bench", "limits": {"analyses": limit}})
        self.limit = limit

    def analyse(self):
        """One more conversation, unlike all others; the status, or 0 if no answer came."""
        with self.lock:
            self.asked += 1
            number = self.asked
        turns = [{"who": "customer", "text": f"I am customer number {number}. What does a full service cost?"},
                 {"who": "staff", "text": "It costs 89 euros."}]
        try:
            return self.server.send("POST", "/api/v1/analyses", {"turns": turns, "about": f"bench-{number}"})[0]
        except (OSError, http.client.HTTPException):
            return 0

    def standing(self):
        measures = self.server.ask("GET", "/api/v1/quota")["measures"]
        of = next(one for one in measures if one["measure"] == "analyses")
        return of["used"], of["reserved"]

    def stored(self):
        count, before = 0, ""
        while True:
            page = self.server.ask("GET", f"/api/v1/analyses?limit=100{before}")
            count += len(page["analyses"])
            if not page.get("next"):
                return count
            before = f"&before={page['next']}"


def at_once(desk, count):
    statuses, times, lock, gate = [], [], threading.Lock(), threading.Barrier(count)

    def one():
        gate.wait()
        start = time.perf_counter()
        status = desk.analyse()
        with lock:
            statuses.append(status)
            times.append(time.perf_counter() - start)

    workers = [threading.Thread(target=one) for _ in range(count)]
    for worker in workers:
        worker.start()
    return workers, statuses, times


def main():
    about = argparse.ArgumentParser()
    about.add_argument("frontdesk")
    about.add_argument("--at-once", type=int, default=1000)
    about.add_argument("--kills", type=int, default=50)
    about.add_argument("--each", type=int, default=40)
    about.add_argument("--seed", type=int, default=1)
    args = about.parse_args()
    rng, wrong = random.Random(args.seed), []

    def check(what, is_right):
        print(f"{'ok   ' if is_right else 'WRONG'} {what}", flush=True)
        if not is_right:
            wrong.append(what)

    with tempfile.TemporaryDirectory() as work:
        desk = Desk(args.frontdesk, work)
        try:
            workers, statuses, times = at_once(desk, args.at_once)
            for worker in workers:
                worker.join()
            used, reserved = desk.standing()
            made = statuses.count(201)
            others = {status: statuses.count(status) for status in sorted(set(statuses))}
            print(f"{args.at_once} at once: {others}; p99 {percentile(times, 0.99):.0f} ms")
            check(f"{made} made, {used} counted, {desk.stored()} stored of {desk.limit}", made == used == desk.stored() <= desk.limit)
            check(f"{reserved} reserved afterwards", reserved == 0)

            desk.raise_limit(used + LATER)
            acknowledged = made
            for _ in range(args.kills):
                workers, statuses, _ = at_once(desk, args.each)
                time.sleep(rng.uniform(0, 0.4))
                desk.server.stop(signal.SIGKILL)
                for worker in workers:
                    worker.join()
                acknowledged += statuses.count(201)
                desk.server.start()
                used, reserved = desk.standing()
                stored = desk.stored()
                if used != stored or used > desk.limit or reserved or used < acknowledged:
                    check(f"after a kill: {used} counted, {stored} stored, {acknowledged} acknowledged, {reserved} reserved", False)
            check(f"{args.kills} kills: {used} counted, {acknowledged} acknowledged, {reserved} reserved", used >= acknowledged and not reserved)

            # Whatever a kill had reserved is free again: the whole limit can be used, and not one more. At the limit already, one
            # refusal is all there is to see.
            while True:
                workers, statuses, _ = at_once(desk, args.each)
                for worker in workers:
                    worker.join()
                unknown = [status for status in statuses if status not in (201, 429)]
                if unknown or 201 not in statuses:
                    break
            used, reserved = desk.standing()
            check(f"the rest: {used} of {desk.limit} counted, {desk.stored()} stored, {reserved} reserved, others {unknown}",
                  used == desk.limit == desk.stored() and reserved == 0 and not unknown)
        finally:
            if desk.server.process.poll() is None:
                desk.server.stop()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
