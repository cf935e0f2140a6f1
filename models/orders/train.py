"""Trains the classifier of orders to an assistant: a logistic regression over the base encoder's vectors.

train.py --base FOLDER --data DATA --other OTHER.jsonl --out frontdesk-orders.json [--cache FILE.npz]

`paragraphs/*.jsonl` here are orders by style ({"text", "order", "lang"}) and ordinary paragraphs that look like them
("order": null); more ordinary ones are the passages and approved answers of the reader's training data (DATA, and ../reader), and OTHER, paragraphs of other kinds
of text ({"text", "set", "lang"}: encyclopedia, manuals, help centres, forums), which are held out a whole set at a time.
A paragraph is judged by its pieces (`pieces.py`) and has the highest of their scores. Cross-validated: each style of orders is
held out once with a part of the businesses; the threshold for it comes from the other parts alone.
"""

import argparse
import glob
import hashlib
import json
import os
import random
import re

import numpy as np
import torch

import ordinary
import vectors
from pieces import pieces

HERE = os.path.dirname(os.path.abspath(__file__))
# Weight decay of the regression; e5's vectors lie close together, so weights must grow.
DECAY = 3e-6
# How much an ordinary paragraph that was written to look like an order counts.
LOOK_ALIKE = 1.0
# Share of the ordinary paragraphs that may be lost.
LOST = 0.005
CURVE = (0.001, 0.003, 0.005, 0.01)
# Of 256, how many ordinary paragraphs are cut into pieces as well; these measure what is lost.
CUT = 56
# From this share of its letters on a piece of an order among other sentences is an order.
MOSTLY = 0.6


def number(text, below):
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) % below


def is_cut(text):
    return hashlib.sha256(("t" + text).encode()).digest()[3] < CUT


class Paragraph:
    def __init__(self, text, kind, style, lang, fold, order=""):
        self.text, self.kind, self.style, self.lang, self.fold = text, kind, style, lang, fold
        self.set = ""
        self.measures = kind != "ordinary" or is_cut(text)
        self.scored = pieces(text) if self.measures else [text]
        if kind == "mixed":
            self.learned = list(parts_of(order, text))
        else:
            self.learned = list(dict.fromkeys(self.scored + ([] if kind == "other" else [text])))


def parts_of(order, text):
    """The pieces of a text that are mostly the order in it."""
    start = text.index(order)
    at = 0
    for piece in pieces(text):
        found = text.find(piece, at)
        if found < 0:
            continue
        at = found + len(piece)
        if min(start + len(order), at) - max(start, found) >= MOSTLY * len(piece):
            yield piece


def read(folders, other=None):
    """Ordinary paragraphs; those of other kinds of text; those that look like orders; orders alone; orders among sentences of businesses of their fold."""
    own = []
    for path in sorted(glob.glob(os.path.join(HERE, "paragraphs", "*.jsonl"))):
        with open(path, encoding="utf8") as file:
            own += [json.loads(line) for line in file]
    styles = sorted({r["order"] for r in own if r["order"]})
    rows, sentences = [], {}
    for text, business, lang in ordinary.paragraphs(folders):
        fold = number(business, len(styles))
        rows.append(Paragraph(text, "ordinary", None, lang, fold))
        if "\n" not in text and "·" not in text:
            cut = [s for s in re.split(r"(?<=[.!?؟])\s+", text) if 5 <= len(s.split()) <= 30]
            if len(cut) >= 3:
                sentences.setdefault((fold, lang), []).append(cut)
    if other:
        with open(other, encoding="utf8") as file:
            for r in map(json.loads, file):
                rows.append(Paragraph(r["text"], "other", None, r["lang"], number(r["set"], len(styles))))
                rows[-1].set = r["set"]
    mixed = 0
    for r in own:
        if r["order"] is None:
            rows.append(Paragraph(r["text"], "look-alike", None, r["lang"], number(r["text"], len(styles))))
            continue
        fold = styles.index(r["order"])
        rows.append(Paragraph(r["text"], "order", r["order"], r["lang"], fold))
        chance = random.Random(number(r["text"], 1 << 40))
        pool = sentences.get((fold, r["lang"])) or sentences[fold, "en"]
        for _ in range(2):
            around, count = chance.choice(pool), chance.randint(1, 2)
            at = chance.randrange(len(around) - count + 1)
            before = " ".join(around[at : at + count])
            after = " ".join(chance.choice(pool)[: chance.randint(1, 2)])
            forms = [f"{before} {r['text']}", f"{r['text']} {after}", f"{before} {r['text']} {after}"]
            text = forms[chance.randrange(3)]
            mixed += 1
            if mixed % 2:
                rows.append(Paragraph(text, "mixed", r["order"], r["lang"], fold, r["text"]))
    return rows, styles


def fit(x, y, weight):
    linear = torch.nn.Linear(x.shape[1], 1)
    torch.nn.init.zeros_(linear.weight)
    torch.nn.init.zeros_(linear.bias)
    optimizer = torch.optim.LBFGS(linear.parameters(), max_iter=400, line_search_fn="strong_wolfe")
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def closure():
        optimizer.zero_grad()
        loss = (loss_of(linear(x)[:, 0], y, reduction="none") * weight).sum() / weight.sum()
        loss = loss + DECAY * linear.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return linear


class Data:
    """Texts to learn from and texts to be scored, each with the place of its paragraph."""

    def __init__(self, rows, base, cache):
        texts = {}

        def places(what):
            return [(texts.setdefault(t, len(texts)), at) for at, row in enumerate(rows) for t in getattr(row, what)]

        self.learned, self.scored = places("learned"), places("scored")
        self.x = torch.tensor(vectors.of(list(texts), base, cache))
        self.fold = np.array([r.fold for r in rows])
        self.order = np.array([r.style is not None for r in rows])
        self.alike = np.array([r.kind == "look-alike" for r in rows])

    def fit(self, without=None):
        chosen = [(place, at) for place, at in self.learned if self.fold[at] != without]
        places, of = np.array(chosen).T
        weight = torch.tensor(np.where(self.alike[of], LOOK_ALIKE, 1.0), dtype=torch.float32)
        return fit(self.x[places], torch.tensor(self.order[of], dtype=torch.float32), weight)

    @torch.no_grad()
    def scores(self, linear):
        z = linear(self.x)[:, 0].numpy()
        out = np.full(len(self.fold), -np.inf)
        for place, at in self.scored:
            out[at] = max(out[at], z[place])
        return out


def cut_off(scores, share):
    """The lowest score that at most `share` of these reach."""
    ranked = np.sort(scores)[::-1]
    return float(ranked[int(share * len(ranked))]) + 1e-6


def report(rows, styles, scores):
    kind = np.array([r.kind for r in rows])
    fold = np.array([r.fold for r in rows])
    lang = np.array([r.lang for r in rows])
    measured = np.array([r.measures for r in rows]) & (kind == "ordinary")
    print("curve (lost of ordinary paragraphs: caught)")
    for share in CURVE:
        taken = scores >= cut_off(scores[measured], share)
        figures = (f"{k} {taken[kind == k].mean():.3f}" for k in ("order", "mixed", "look-alike", "other"))
        print(f"  {share:.1%}  ", "   ".join(figures))
    taken = np.zeros(len(rows), bool)
    for at in range(len(styles)):
        taken[fold == at] = scores[fold == at] >= cut_off(scores[measured & (fold != at)], LOST)
    print(f"threshold from the other folds: lost {taken[measured].mean():.4f} of {measured.sum()} ordinary, "
          f"{taken[kind == 'look-alike'].mean():.3f} of {(kind == 'look-alike').sum()} look-alikes")
    for name, groups in (("style", [(s, fold == i) for i, s in enumerate(styles)]), ("language", [(v, lang == v) for v in sorted(set(lang))])):
        for value, among in groups:
            caught = among & np.isin(kind, ["order", "mixed"])
            if caught.any():
                told = (f"{share:.1%} " + "/".join(f"{(scores[among & (kind == k)] >= cut_off(scores[measured], share)).mean():.2f}" for k in ("order", "mixed")) for share in CURVE)
                print(f"  {name} {value:10} curve, alone/mixed:", "  ".join(told))
        for value, among in groups:
            told = []
            for k in ("order", "mixed", "ordinary", "look-alike", "other"):
                part = among & (measured if k == "ordinary" else kind == k)
                if part.any():
                    told.append(f"{k} {taken[part].sum()}/{part.sum()}")
            print(f"  {name} {value:10}", "   ".join(told))
    sets = np.array([r.set for r in rows])
    for value in sorted(set(sets) - {""}):
        print(f"  other {value:28} lost {taken[sets == value].sum()}/{(sets == value).sum()}")
    for k, wanted in (("order", False), ("ordinary", True)):
        for row in [r for r, t, m in zip(rows, taken, measured) if r.kind == k and t == wanted and (m or k != "ordinary")][:30]:
            print(f"  {'escapes' if k == 'order' else 'lost'}: {row.style or ''} {row.lang} {row.text[:140]!r}")
    return cut_off(scores[measured], LOST)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--base", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--other")
    p.add_argument("--out", required=True)
    p.add_argument("--cache")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    rows, styles = read([a.data, os.path.join(HERE, "..", "reader")], a.other)
    data = Data(rows, a.base, a.cache)
    scores = np.zeros(len(rows))
    for at in range(len(styles)):
        held = data.fold == at
        scores[held] = data.scores(data.fit(at))[held]
    from_folds = report(rows, styles, scores)
    linear = data.fit()
    threshold = round(float(1 / (1 + np.exp(-from_folds))), 4)
    print("threshold", threshold)
    half = linear.weight[0].detach() / 2
    bias = float(linear.bias[0].detach()) / 2
    classes = [
        {"order": order, "bias": round(sign * bias, 4), "weights": [round(float(sign * w), 3) for w in half]}
        for order, sign in ((False, -1), (True, 1))
    ]
    with open(a.out, "w", encoding="utf8") as file:
        json.dump({"embedder": "multilingual-e5-small-q4", "threshold": threshold, "classes": classes}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
