"""Trains the classifier of small talk: a multinomial logistic regression over the base encoder's vectors.

train.py --base FOLDER --data DATA --out frontdesk-talk.json

`messages/*.jsonl` here are small talk by kind ({"text", "talk", "lang"}); what is none are the questions of the reader's
training data (DATA, and ../reader) and the lines here with "talk": null. Splits by the hash of the text; the threshold is
the lowest with at most 0.1 % of the held-out questions taken for small talk.
"""

import argparse
import glob
import hashlib
import json
import os
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "reader"))
import network  # noqa: E402
from reading import Encoder  # noqa: E402

# Weight decay of the regression; e5's vectors lie close together, so weights must grow.
DECAY = 3e-5
FALSE_SHARE = 0.001


def vectors(model, encoder, texts, batch=64):
    ids = [[0] + encoder.ids("query: " + t)[:126] + [2] for t in texts]
    return network.mean_vectors(model, ids, batch)


def questions(folder):
    for path in sorted(glob.glob(os.path.join(folder, "businesses*", "*.json"))):
        with open(path, encoding="utf8") as file:
            for q in json.load(file)["questions"]:
                yield q["q"]
    for path in sorted(glob.glob(os.path.join(folder, "faq", "*.json"))):
        with open(path, encoding="utf8") as file:
            data = json.load(file)
            for q in data["asked"] + data["faqs"]:
                yield q["q"]


def held_out(text):
    return hashlib.sha256(text.encode()).digest()[0] % 5 == 0


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--base", required=True)
    p.add_argument("--data")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    torch.manual_seed(1)
    rows = {}
    for folder in [a.data, os.path.join(HERE, "..", "reader")]:
        if folder:
            rows.update((text, None) for text in questions(folder))
    for path in sorted(glob.glob(os.path.join(HERE, "messages", "*.jsonl"))):
        with open(path, encoding="utf8") as file:
            for line in file:
                row = json.loads(line)
                rows[row["text"]] = row["talk"]
    names = [None] + sorted({t for t in rows.values() if t})
    texts = sorted(rows)
    y = torch.tensor([names.index(rows[t]) for t in texts])
    out = torch.tensor([held_out(t) for t in texts])
    model = network.load(os.path.join(a.base, "model.npz")).eval()
    x = torch.tensor(vectors(model, Encoder(os.path.join(a.base, "tokenizer.json")), texts))
    linear = torch.nn.Linear(network.WIDTH, len(names))
    # Small talk is rare in the data and each kind of it is as important as the questions.
    weight = 1 / torch.bincount(y[~out], minlength=len(names)).float().sqrt()
    optimizer = torch.optim.LBFGS(linear.parameters(), max_iter=400, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(linear(x[~out]), y[~out], weight=weight)
        loss = loss + DECAY * linear.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        p_ = linear(x).softmax(-1)
    best, said = p_.max(-1)
    asked = out & (y == 0)
    wrongly = best[asked & (said != 0)].sort(descending=True).values
    allowed = int(FALSE_SHARE * int(asked.sum()))
    threshold = float(wrongly[allowed]) + 1e-3 if len(wrongly) > allowed else 0.5
    threshold = min(0.99, max(0.5, round(threshold, 3)))
    taken = best >= threshold
    for at, name in enumerate(names):
        of = out & (y == at)
        right = of & (said == at) & (taken | (said == 0))
        left = of & ((said == 0) | ~taken)
        print(f"{name or 'question':16} {int(of.sum()):5} held out   right {int(right.sum()) / max(1, int(of.sum())):.3f}   looked up {int(left.sum()) / max(1, int(of.sum())):.3f}")
    for i in torch.nonzero(out & taken & (said != y)).flatten().tolist()[:40]:
        print("  wrong:", texts[i], "|", rows[texts[i]], "→", names[said[i]], round(float(best[i]), 2))
    print("threshold", threshold)
    classes = [
        {"talk": name, "bias": round(float(linear.bias[i]), 4), "weights": [round(float(w), 3) for w in linear.weight[i]]}
        for i, name in enumerate(names)
    ]
    with open(a.out, "w", encoding="utf8") as file:
        json.dump({"embedder": "multilingual-e5-small-q4", "threshold": threshold, "classes": classes}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
