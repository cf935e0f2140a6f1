"""Vectors of paragraphs as the program makes them, kept in a file between runs."""

import hashlib
import json
import os
import sys
import urllib.request

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
# Texts between two writings of the cache, and of one request to a server.
SAVE_EVERY, ASKED = 2048, 128


def key(text):
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def asking(address):
    """Vectors by a running server; its key stands in FRONTDESK_KEY."""
    headers = {"authorization": f"Bearer {os.environ['FRONTDESK_KEY']}", "content-type": "application/json"}

    def embed(texts):
        out = []
        for at in range(0, len(texts), ASKED):
            body = json.dumps({"model": "multilingual-e5-small-q4", "input": texts[at : at + ASKED]}).encode()
            request = urllib.request.Request(f"{address}/v1/embeddings", body, headers)
            with urllib.request.urlopen(request, timeout=600) as reply:
                data = json.load(reply)["data"]
            out += [np.array(d["embedding"], np.float32) for d in sorted(data, key=lambda d: d["index"])]
        return out

    return embed


def computing(base):
    """Vectors by PyTorch, from the folder of `../reader/unpack.py`: slower, and not in whole numbers as in the program."""
    sys.path.insert(0, os.path.join(HERE, "..", "reader"))
    import network
    from reading import Encoder

    model = network.load(os.path.join(base, "model.npz")).eval()
    encoder = Encoder(os.path.join(base, "tokenizer.json"))

    def embed(texts):
        ids = [[0] + encoder.ids("passage: " + t)[:510] + [2] for t in texts]
        return network.mean_vectors(model, ids, 16)

    return embed


def of(texts, base, cache=None):
    """A row of length 1 for each text; `base` is the address of a server (http://…) or the base model's folder."""
    known = {}
    if cache and os.path.exists(cache):
        with np.load(cache) as file:
            known = dict(zip(file["keys"].tolist(), file["vectors"]))
    new = sorted({t for t in texts if key(t) not in known}, key=len)
    if new:
        embed = asking(base) if base.startswith("http") else computing(base)
        for at in range(0, len(new), SAVE_EVERY):
            part = new[at : at + SAVE_EVERY]
            known.update(zip(map(key, part), embed(part)))
            print(f"embedded {at + len(part)} of {len(new)}", file=sys.stderr, flush=True)
            if cache:
                with open(cache + ".new", "wb") as file:
                    np.savez(file, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
                os.replace(cache + ".new", cache)
    return np.stack([known[key(t)] for t in texts])
