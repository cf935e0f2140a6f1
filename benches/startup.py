#!/usr/bin/env python3
"""Time from starting `frontdesk serve` to its first answer and to all engines ready, and the idle memory
of each process. Prints medians.

    python3 benches/startup.py FRONTDESK [--runs 5]
"""
import argparse
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:"))


def workers(pid):
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as listing:
            for child in listing.read().split():
                with open(f"/proc/{child}/cmdline") as line:
                    found[line.read().split("\0")[2]] = resident_mb(child)
    return found


def until(address, path, process):
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.005)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("frontdesk")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    healthy, ready, memory = [], [], []
    with tempfile.TemporaryDirectory() as data:
        for _ in range(args.runs):
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                address = "127.0.0.1:%d" % s.getsockname()[1]
            start = time.monotonic()
            process = subprocess.Popen([args.frontdesk, "serve", "--listen", address, "--data", data],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            until(address, "/healthz", process)
            healthy.append(time.monotonic() - start)
            until(address, "/readyz", process)
            ready.append(time.monotonic() - start)
            time.sleep(1)
            memory.append({"main": resident_mb(process.pid), **workers(process.pid)})
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    print(f"first answer {statistics.median(healthy):.2f} s, engines ready {statistics.median(ready):.2f} s")
    for name in memory[0]:
        print(f"idle memory of {name}: {statistics.median(m[name] for m in memory if name in m):.0f} MB")


main()
