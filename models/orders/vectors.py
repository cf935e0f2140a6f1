"""Vectors of paragraphs as the program makes them, kept in a file between runs."""

import hashlib
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "reader"))
import network  # noqa: E402
from reading import Encoder  # noqa: E402

# Texts between two writings of the cache.
SAVE_EVERY = 512


def key(text):
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def embed(model, encoder, texts, batch=16):
    ids = [[0] + encoder.ids("passage: " + t)[:510] + [2] for t in texts]
    return network.mean_vectors(model, ids, batch)


def of(texts, base, cache=None):
    """A row of length 1 for each text; `base` is the folder of `../reader/unpack.py`."""
    known = {}
    if cache and os.path.exists(cache):
        with np.load(cache) as file:
            known = dict(zip(file["keys"].tolist(), file["vectors"]))
    new = sorted({t for t in texts if key(t) not in known})
    if new:
        model = network.load(os.path.join(base, "model.npz")).eval()
        encoder = Encoder(os.path.join(base, "tokenizer.json"))
        for at in range(0, len(new), SAVE_EVERY):
            part = new[at : at + SAVE_EVERY]
            known.update(zip(map(key, part), embed(model, encoder, part)))
            print(f"embedded {at + len(part)} of {len(new)}", file=sys.stderr, flush=True)
            if cache:
                with open(cache + ".new", "wb") as file:
                    np.savez(file, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
                os.replace(cache + ".new", cache)
    return np.stack([known[key(t)] for t in texts])
