#!/usr/bin/env python3
"""What an honest visitor waits while a stranger sends the worst that they can: questions of 4,000 characters, 50 call
sockets with 2,000 messages together, five voice notes of two minutes, all of it at once, and ten visitors with long
questions from ten addresses. The stranger's address is another than the honest one's (X-Forwarded-For, which is believed of
a proxy on the same machine), and a new one for each attack. Needs `websockets`.

    python3 benches/strangers.py FRONTDESK SPEECH.wav [--questions 20]

SPEECH.wav holds speech as PCM (16 kHz, 16 bit, mono, as a note may have 5 MB); it is repeated to two minutes.
"""
import argparse
import collections
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import wave

from websockets.sync.client import connect

HONEST = "198.51.100.1"
QUESTIONS = ["Are you open on Saturday?", "How much is a full service?", "Where can I park?", "Can I rent an electric bicycle?",
             "What is your phone number?", "Do you repair umbrellas?", "Who leads the workshop?", "When is the tram?"]
LONG = ("I once had a bicycle, and before it another one, and my aunt says that a full service cost less then. " * 45)[:3960] + " What does it cost?"


class Server:
    def __init__(self, frontdesk, data):
        self.frontdesk, self.data, self.site = frontdesk, data, None
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % s.getsockname()[1]
        self.process = subprocess.Popen([frontdesk, "serve", "--listen", self.address, "--data", data, "--demo"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def send(self, path, body, address, token="", kind="application/json", timeout=120):
        """Status and text of a POST."""
        headers = {"Content-Type": kind, "X-Forwarded-For": address}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"http://{self.address}{path}", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def open(self):
        """Opens the front desk to visitors; its key."""
        for command in (["visitors"], ["site-key"]):
            done = subprocess.run([self.frontdesk, "admin", *command, "--data", self.data], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def visit(self, address):
        status, text = self.send("/api/v1/visit", json.dumps({"site": self.site}).encode(), address)
        return json.loads(text)["token"] if status == 200 else None

    def ask(self, question, address, token):
        body = json.dumps({"text": question}).encode()
        return self.send("/api/v1/visit/messages", body, address, token)

    def most_mb(self):
        """The greatest resident memory so far."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))

    def until_ready(self):
        for _ in range(1200):
            try:
                urllib.request.urlopen(f"http://{self.address}/readyz", timeout=2)
                self.site = self.site or self.open()
                token = self.visit("192.0.2.9")
                if "rung" in self.ask(QUESTIONS[1], "192.0.2.9", token)[1]:
                    return
            except OSError:
                pass
            time.sleep(0.25)
        raise SystemExit("the server does not become ready")


def two_minutes(path):
    with wave.open(path) as sound:
        shape, frames = sound.getparams(), sound.readframes(sound.getnframes())
    wanted = 118 * shape.framerate * shape.sampwidth * shape.nchannels
    note = io.BytesIO()
    with wave.open(note, "wb") as out:
        out.setparams(shape)
        out.writeframes((frames * (wanted // len(frames) + 1))[:wanted])
    return note.getvalue()


def honest(server, count):
    """Seconds of each answer of one visitor, one question after the other."""
    token, times = server.visit(HONEST), []
    for n in range(count):
        start = time.monotonic()
        status, text = server.ask(QUESTIONS[n % len(QUESTIONS)], HONEST, token)
        if status != 200:
            raise SystemExit(f"the honest visitor got {status}: {text[:200]}")
        times.append(time.monotonic() - start)
        time.sleep(1)
    return times


class Stranger:
    def __init__(self, server, addresses, note):
        self.server, self.addresses, self.note = server, addresses, note
        self.over, self.got = threading.Event(), collections.Counter()

    def begin(self, attacks):
        for attack, times in attacks.items():
            for n in range(times):
                address = self.addresses[n % len(self.addresses)]
                threading.Thread(target=self.counted, args=(attack, address), daemon=True).start()

    def counted(self, attack, address):
        try:
            getattr(self, attack)(address)
        except Exception as error:  # However it ends: the figure is the honest visitor's.
            if not self.over.is_set():
                self.got[f"{attack}: {type(error).__name__}"] += 1

    def question(self, address):
        token = self.server.visit(address)
        while not self.over.is_set():
            status, _ = self.server.ask(LONG, address, token)
            self.got[f"question: {status}"] += 1
            if status != 200:
                time.sleep(0.2)

    def voice_note(self, address):
        token = self.server.visit(address)
        status, _ = self.server.send("/api/v1/visit/voice-note", self.note, address, token, "audio/wav", 600)
        self.got[f"voice note: {status}"] += 1

    def call(self, address):
        token = self.server.visit(address)
        url = f"ws://{self.server.address}/api/v1/visit/voice"
        with connect(url, additional_headers={"X-Forwarded-For": address}, open_timeout=30) as line:
            line.send(json.dumps({"type": "start", "token": token}))
            for _ in range(40):
                line.send(json.dumps({"type": "text", "text": LONG[-900:]}))
            while not self.over.is_set():
                message = line.recv(timeout=60)
                kind = json.loads(message)["type"] if isinstance(message, str) else "sound"
                self.got[f"call: {kind}"] += 1


def told(times):
    ranked = sorted(times)
    return f"p50 {statistics.median(ranked) * 1000:.0f} ms, p95 {ranked[int(0.95 * (len(ranked) - 1))] * 1000:.0f} ms, slowest {ranked[-1] * 1000:.0f} ms"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("frontdesk")
    parser.add_argument("speech")
    parser.add_argument("--questions", type=int, default=20)
    args = parser.parse_args()
    note = two_minutes(args.speech)
    with tempfile.TemporaryDirectory() as data:
        server = Server(os.path.abspath(args.frontdesk), data)
        try:
            server.until_ready()
            print("alone:", told(honest(server, args.questions)), flush=True)
            attacks = [({"question": 10}, 1), ({"call": 50}, 1), ({"voice_note": 5}, 1),
                       ({"voice_note": 5, "question": 10, "call": 50}, 1), ({"question": 10}, 10)]
            for number, (attack, many) in enumerate(attacks, start=1):
                addresses = [f"203.0.113.{number * 10 + n}" for n in range(many)]
                stranger = Stranger(server, addresses, note)
                stranger.begin(attack)
                time.sleep(3)
                times = honest(server, args.questions)
                stranger.over.set()
                print(f"beside {attack} from {many} address(es): {told(times)}; the stranger got {dict(stranger.got)}", flush=True)
                time.sleep(10)
            print(f"the server's memory at its highest: {server.most_mb():.0f} MB")
        finally:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)


main()
