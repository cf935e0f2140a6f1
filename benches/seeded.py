"""What the benchmarks with many conversations share: a data folder with made-up ones (`frontdesk admin seed`), a server on it, and
requests with their times. Standard library only.
"""
import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time


class Server:
    def __init__(self, frontdesk, data):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.cookie = ""
        self.process = subprocess.Popen([frontdesk, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", data],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.process.poll() is None:
            try:
                if self.send("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server ended")

    def open(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def headers(self, token, address=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {"Cookie": self.cookie}
        headers["Origin"] = f"http://127.0.0.1:{self.port}"
        if address:
            headers["X-Forwarded-For"] = address
        return headers

    def send(self, method, path, body=None, token="", address=None, kind="application/json", connection=None):
        link = connection or self.open()
        headers = {**self.headers(token, address), "Content-Type": kind}
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        link.request(method, path, text.encode() if text else None, headers)
        answer = link.getresponse()
        content = answer.read().decode()
        if method == "POST" and path == "/login":
            self.cookie = "; ".join(v.split(";")[0] for k, v in answer.getheaders() if k.lower() == "set-cookie")
        if not connection:
            link.close()
        return answer.status, content

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def show(name, times):
    times = sorted(times)
    p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
    print(f"| {name} | {statistics.median(times) * 1000:.1f} | {p95 * 1000:.1f} | {times[-1] * 1000:.1f} |", flush=True)


def measure(server, path, rounds, token=""):
    """The seconds of so many requests, and the last answer."""
    link, times = server.open(), []
    for _ in range(rounds):
        start = time.perf_counter()
        status, text = server.send("GET", path, token=token, connection=link)
        times.append(time.perf_counter() - start)
        if status != 200:
            raise SystemExit(f"{path}: {status} {text}")
    return times, text


def arguments(rounds):
    parser = argparse.ArgumentParser()
    parser.add_argument("frontdesk")
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--data")
    parser.add_argument("--rounds", type=int, default=rounds)
    return parser


@contextlib.contextmanager
def seeded(args, prepare=None):
    """A server on the folder of the arguments, filled once; with a key of it, and with `frontdesk admin` as a function.
    `prepare(server, key)` is done before the folder is filled."""
    with tempfile.TemporaryDirectory() as folder:
        data = args.data or folder

        def admin(*command):
            done = subprocess.run([args.frontdesk, "admin", *command, "--data", data], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)
            return done.stdout.strip()

        server = Server(args.frontdesk, data)
        key = json.loads(admin("key", "create", "--name", "bench", "--all", "--json"))["key"]
        if prepare:
            prepare(server, key)
        server.stop()
        if not os.path.exists(os.path.join(data, "seeded")):
            print(admin("seed", "--conversations", str(args.conversations), "--messages", str(args.messages), "--yes"))
            open(os.path.join(data, "seeded"), "w").close()
        server = Server(args.frontdesk, data)
        try:
            yield server, key, admin
        finally:
            server.stop()
