#!/usr/bin/env python3
"""Frontdesk's language-model engine beside llama-server: same model, same threads, same requests, over
the same HTTP API, in turn. Prints a table of medians.

    python3 benches/compare_llm.py FRONTDESK LLAMA_SERVER MODEL.gguf [--threads 2] [--rounds 3]

LLAMA_SERVER is built natively from the llama.cpp that the source distribution of the Python package
llama-cpp-python 0.3.36 carries (cmake -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON, target llama-server).
Only loopback is used; every process started here is ended here.
"""
import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

WORDS = ("garden open price delivery monday shop return customer phone order visit early table winter "
         "service repair").split()


def words(count, seed):
    return " ".join(WORDS[(i * 7 + i // 5 + seed * 3 + (i * seed) % 11) % len(WORDS)] for i in range(count))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, name, command, port, env=None, key=None):
        self.name, self.base, self.key = name, f"http://127.0.0.1:{port}", key
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        for _ in range(1200):
            try:
                self.chat([("user", "Say hi.")], 2)
                return
            except Exception:
                if self.process.poll() is not None:
                    sys.exit(f"{name} ended while starting")
                time.sleep(0.1)
        sys.exit(f"{name} was not ready within two minutes")

    def chat(self, messages, tokens):
        body = {"model": "default", "temperature": 0, "max_tokens": tokens, "stream": True,
                "stream_options": {"include_usage": True},
                "messages": [{"role": r, "content": c} for r, c in messages]}
        headers = {"content-type": "application/json"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.base + "/v1/chat/completions", json.dumps(body).encode(), headers)
        start, first, usage = time.monotonic(), None, None
        with urllib.request.urlopen(request, timeout=600) as answer:
            for line in answer:
                if not line.startswith(b"data: {"):
                    continue
                event = json.loads(line[6:])
                if event.get("choices") and event["choices"][0]["delta"].get("content"):
                    first = first or time.monotonic()
                usage = event.get("usage") or usage
        end = time.monotonic()
        first = first or end
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        return {"prompt": usage["prompt_tokens"], "cached": cached, "generated": usage["completion_tokens"],
                "first": first - start, "total": end - start, "writing": end - first}

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def prompt_speed(server, seed):
    run = server.chat([("system", f"Number {seed}. " + words(400, seed)), ("user", "Answer.")], 1)
    return (run["prompt"] - run["cached"]) / run["total"]


def generation_speed(server, seed):
    run = server.chat([("system", "You count."),
                       ("user", f"Count from {seed} up to 500 in words, one per line.")], 128)
    return (run["generated"] - 1) / run["writing"]


def grounded(server, parallel, seed):
    system = f"Shop {seed}. You answer visitors from the passages only. " + words(200, seed)
    runs = [None] * parallel

    def one(i):
        question = words(120, 1000 + seed * 31 + i) + f" Question {i}: describe all of this in detail."
        runs[i] = server.chat([("system", system), ("user", question)], 64)

    start = time.monotonic()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(r["generated"] for r in runs) / (time.monotonic() - start)


def beside(server, seed):
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        return generation_speed(server, seed)
    finally:
        busy.kill()
        busy.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("frontdesk")
    parser.add_argument("llama_server")
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    # Ended from outside, the servers are still stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with tempfile.TemporaryDirectory() as data:
        port = free_port()
        env = dict(os.environ, FRONTDESK_CHAT_MODEL=os.path.abspath(args.model), FRONTDESK_DATA=data,
                   FRONTDESK_THREADS=str(args.threads), FRONTDESK_LISTEN=f"127.0.0.1:{port}")
        made = subprocess.run([args.frontdesk, "admin", "key", "create", "--name", "bench", "--scope", "chat", "--json"],
                              env=env, check=True, capture_output=True)
        ours = Server("frontdesk", [args.frontdesk, "serve"], port, env, json.loads(made.stdout)["key"])
        port = free_port()
        peer = Server("llama-server", [args.llama_server, "-m", args.model, "--port", str(port),
                                       "--host", "127.0.0.1", "-t", str(args.threads), "-c", "16384",
                                       "-np", "8"], port)
        measures = [("prompt tok/s", prompt_speed), ("generation tok/s", generation_speed)]
        measures += [(f"{n} grounded chats, tok/s", lambda s, seed, n=n: grounded(s, n, seed)) for n in (1, 4, 8)]
        measures += [("generation beside a busy process, tok/s", beside)]
        print(f"| {os.path.basename(args.model)}, {args.threads} threads | frontdesk | llama-server | ratio |")
        print("|---|---|---|---|")
        seed = 1
        try:
            for name, measure in measures:
                results = {ours: [], peer: []}
                for _ in range(args.rounds):
                    for server in (ours, peer):
                        results[server].append(measure(server, seed))
                    seed += 1
                ratio = statistics.median(a / b for a, b in zip(results[ours], results[peer]))
                a, b = (statistics.median(results[s]) for s in (ours, peer))
                print(f"| {name} | {a:.1f} | {b:.1f} | {ratio:.2f} |", flush=True)
        finally:
            ours.stop()
            peer.stop()


main()
