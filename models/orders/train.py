"""Trains the classifier of orders to an assistant: a small network over the base encoder's vectors and the words of pieces.

train.py --base FOLDER --data DATA --other OTHER.jsonl --out frontdesk-orders.json [--cache FILE.npz] [--foreign FILE.jsonl]

`paragraphs/*.jsonl` here are orders by style ({"text", "order", "lang"}) and ordinary paragraphs that look like them
("order": null, "kind"). More ordinary ones are the paragraphs and approved answers of the reader's training data (DATA, and ../reader).
OTHER has paragraphs of other kinds of text ({"text", "set", "lang"}: encyclopedia, manuals, help centres, forums), FOREIGN orders
of public collections ({"text", "set"}), which are only measured.

A paragraph is a bag of pieces (`pieces.py`) and has the highest of their scores. Cross-validated in parts: each style of orders is held
out once, whole, beside two others, with a part of the businesses, of the sets and of the look-alikes (translations of one text
together); the threshold for a part comes from the other parts alone.
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
from features import Words, figures
from pieces import pieces

HERE = os.path.dirname(os.path.abspath(__file__))
# Neurons of the network, share of them that is left out in each step of training, and how many networks are averaged.
HIDDEN, DROPOUT, NETWORKS = 64, 0.5, 2
EPOCHS, RATE, DECAY, BATCH = 12, 3e-3, 0.1, 64
# Mean spread of a vector's numbers, and size of a figure of the words, as the network sees them.
SPREAD, FIGURE = 0.25, 1.0
# How much a paragraph counts in training.
WEIGHT = {"order": 3.0, "mixed": 3.0, "look-alike": 2.0, "ordinary": 1.0, "other": 0.5}
# Share of the plain ordinary paragraphs that may be lost.
LOST = 0.001
CURVE = (0.001, 0.003, 0.005, 0.01)
# Ordinary paragraphs in English and in other languages.
MOST = {True: 2200, False: 2600}
# Parts of the cross-validation: each holds out some of the styles.
PARTS = 12
# Look-alikes whose vectors are this near, of a mean of 0, are translations of each other.
TRANSLATED = 0.75
# Made-up addresses end as real ones do, so that the ending tells nothing.
ENDINGS = (".com", ".net", ".org", ".io", ".de", ".co", ".info")


def number(text, below=1 << 48):
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) % below


def real(text):
    return re.sub(r"\.example\b", ENDINGS[number(text, len(ENDINGS))], text)


class Paragraph:
    def __init__(self, text, kind, group, lang):
        self.text, self.kind, self.group, self.lang, self.fold = text, kind, group, lang, None
        self.pieces = pieces(text)


def lines_of(path):
    with open(path, encoding="utf8") as file:
        return [json.loads(line) for line in file]


def read(folders, other, foreign):
    own = [r for path in sorted(glob.glob(os.path.join(HERE, "paragraphs", "*.jsonl"))) for r in lines_of(path)]
    found = {True: {}, False: {}}
    for text, business, lang in ordinary.paragraphs(folders):
        found[lang == "en"].setdefault(text, (business, lang))
    rows, around = [], {}
    for english, texts in found.items():
        for text in sorted(texts, key=number)[: MOST[english]]:
            business, lang = texts[text]
            rows.append(Paragraph(real(text), "ordinary", business, lang))
            if 8 <= len(text.split()) <= 60 and " | " not in text and "·" not in text:
                around.setdefault(lang, []).append(real(text))
    for r in own:
        text, lang = real(r["text"]), r["lang"]
        if r["order"] is None:
            rows.append(Paragraph(text, "look-alike", r.get("kind", "first"), lang))
            continue
        rows.append(Paragraph(text, "order", r["order"], lang))
        chance, beside = random.Random(number(text)), around.get(lang) or around["en"]
        before, after = chance.choice(beside), chance.choice(beside)
        forms = [f"{before} {text}", f"{text} {after}", f"{before} {text} {after}"]
        rows.append(Paragraph(forms[chance.randrange(3)], "mixed", r["order"], lang))
    for path, kind in ((other, "other"), (foreign, "foreign")):
        for r in lines_of(path) if path else []:
            rows.append(Paragraph(real(r["text"]), kind, r["set"], r.get("lang", "en")))
    return rows


def deal(rows, x):
    """A part for each style, and for what else is held out with it; foreign orders have none."""
    styles = sorted({r.group for r in rows if r.kind == "order"})
    alike = [r for r in rows if r.kind == "look-alike"]
    mean = np.mean([x[p] for r in rows if r.kind == "ordinary" for p in r.pieces], axis=0)
    v = np.stack([np.mean([x[p] for p in r.pieces], axis=0) - mean for r in alike])
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    same = list(range(len(alike)))

    def first(at):
        while same[at] != at:
            at = same[at]
        return at

    for a, b in zip(*np.where(np.triu(v @ v.T, 1) > TRANSLATED)):
        same[first(a)] = first(b)
    for at, r in enumerate(alike):
        r.fold = number(alike[first(at)].text, PARTS)
    for r in rows:
        if r.kind in ("order", "mixed"):
            r.fold = styles.index(r.group) % PARTS
        elif r.kind in ("ordinary", "other"):
            r.fold = number(r.group, PARTS)
    return styles


class Bags:
    """The pieces of all paragraphs as rows of numbers, those of like length side by side."""

    def __init__(self, rows, x):
        words = Words.load()
        texts = list(dict.fromkeys(p for r in rows for p in r.pieces))
        at = {t: i for i, t in enumerate(texts)}
        raw = np.stack([np.concatenate([x[t], figures(words, t)]) for t in texts]).astype(np.float32)
        self.width = len(x[texts[0]])
        # Vectors of this family lie close together; the mean is taken off and what differs is spread out.
        of_ordinary = sorted({at[p] for r in rows if r.kind == "ordinary" for p in r.pieces})
        self.mean = np.zeros(raw.shape[1], np.float32)
        self.scale = np.full(raw.shape[1], FIGURE, np.float32)
        self.mean[: self.width] = raw[of_ordinary, : self.width].mean(0)
        self.scale[: self.width] = SPREAD / raw[of_ordinary, : self.width].std(0).mean()
        self.x = torch.tensor((raw - self.mean) * self.scale)
        self.places = [torch.tensor([at[p] for p in r.pieces]) for r in rows]

    def batches(self, chosen, size):
        order = sorted(chosen, key=lambda i: len(self.places[i]))
        for k in range(0, len(order), size):
            part = order[k : k + size]
            width = max(len(self.places[i]) for i in part)
            places = torch.zeros(len(part), width, dtype=torch.long)
            empty = torch.ones(len(part), width, dtype=torch.bool)
            for row, i in enumerate(part):
                places[row, : len(self.places[i])] = self.places[i]
                empty[row, : len(self.places[i])] = False
            yield part, places, empty


class Network(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = torch.nn.Linear(width, HIDDEN)
        self.outer = torch.nn.Linear(HIDDEN, 1)
        self.drop = torch.nn.Dropout(DROPOUT)

    def forward(self, x):
        return self.outer(self.drop(torch.relu(self.inner(x))))[..., 0]


def fit(bags, rows, chosen, seed):
    torch.manual_seed(seed)
    network = Network(bags.x.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    batches = list(bags.batches(chosen, BATCH))
    chance, steps, step = np.random.default_rng(seed), EPOCHS * len(batches), 0
    for _ in range(EPOCHS):
        for k in chance.permutation(len(batches)):
            part, places, empty = batches[k]
            wanted = torch.tensor([float(rows[i].kind in ("order", "mixed")) for i in part])
            weight = torch.tensor([WEIGHT[rows[i].kind] for i in part])
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 - step / steps)
            step += 1
            optimizer.zero_grad()
            # Softer than the highest score, so that each piece learns.
            z = torch.logsumexp(network(bags.x[places]).masked_fill(empty, -1e4), 1)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, wanted, reduction="none")
            (loss * weight).mean().backward()
            optimizer.step()
    return network.eval()


@torch.no_grad()
def scores(networks, bags, chosen):
    z = torch.stack([network(bags.x) for network in networks]).mean(0)
    return np.array([float(z[bags.places[i]].max()) for i in chosen])


def trained(bags, rows, chosen):
    return [fit(bags, rows, chosen, seed) for seed in range(NETWORKS)]


def cut_off(scores, share):
    """The lowest score that at most `share` of these reach."""
    ranked = np.sort(scores)[::-1]
    return float(ranked[int(share * len(ranked))]) + 1e-6


def report(rows, styles, z, z_foreign):
    kind, fold = np.array([r.kind for r in rows]), np.array([-1 if r.fold is None else r.fold for r in rows])
    lang, group = np.array([r.lang for r in rows]), np.array([r.group for r in rows])
    ordinary_ = np.isin(kind, ("ordinary", "look-alike"))
    print({k: int((kind == k).sum()) for k in dict.fromkeys(kind)}, len(styles), "styles", len(set(lang)), "languages")
    plain = kind == "ordinary"
    for name, lost in (("plain ordinary", plain), ("ordinary, look-alikes among them", ordinary_)):
        print(f"lost of the {name}: caught of orders, of orders among others; lost of the others")
        for share in CURVE:
            at = cut_off(z[lost], share)
            told = [f"{k} {(z[kind == k] >= at).mean():.3f}" for k in ("order", "mixed", "ordinary", "look-alike", "other")]
            foreign = f"foreign {(z_foreign >= at).mean():.3f}" if len(z_foreign) else ""
            print(f"  {share:.1%} ", "  ".join(told), foreign)
    taken = np.zeros(len(rows), bool)
    for at in range(PARTS):
        taken[fold == at] = z[fold == at] >= cut_off(z[plain & (fold != at)], LOST)
    print("threshold from the other folds:", {k: round(float(taken[kind == k].mean()), 4) for k in dict.fromkeys(kind) if k != "foreign"},
          f"lost {taken[plain].sum()} of {plain.sum()} and {taken[ordinary_].sum()} of {ordinary_.sum()}")
    for name, by in (("style", group), ("language", lang)):
        for value in sorted(set(by[kind == "order"])):
            part = [f"{k} {taken[(by == value) & (kind == k)].sum()}/{((by == value) & (kind == k)).sum()}" for k in ("order", "mixed")]
            print(f"  {name} {value:12}", "  ".join(part))
    for k in ("look-alike", "other"):
        for value in sorted(set(group[kind == k])):
            among = (group == value) & (kind == k)
            print(f"  {k} {value:26} lost {taken[among].sum()}/{among.sum()}")
    at = cut_off(z[plain], LOST)
    for value in sorted(set(group[kind == "foreign"])):
        among = group[kind == "foreign"] == value
        print(f"  foreign {value:26} caught {(z_foreign[among] >= at).sum()}/{among.sum()}")
    for r, t in zip(rows, taken):
        if r.kind == "order" and not t or r.kind in ("ordinary", "look-alike") and t:
            print(f"  {'escapes' if r.kind == 'order' else 'lost'}: {r.kind} {r.group} {r.lang} {r.text[:160]!r}")
    return at


def written(networks, bags, threshold):
    """The networks as one whose outputs are their mean, on vectors as they come."""
    with torch.no_grad():
        inner = torch.cat([n.inner.weight for n in networks]).numpy()
        bias = torch.cat([n.inner.bias for n in networks]).numpy() - inner @ (bags.mean * bags.scale)
        outer = torch.cat([n.outer.weight[0] for n in networks]).numpy() / len(networks)
        last = float(np.mean([float(n.outer.bias[0]) for n in networks]))

    def short(values):
        return [float(f"{v:.3g}") for v in values]

    with open(os.path.join(HERE, "words.json"), encoding="utf8") as file:
        words = list(json.load(file).values())
    layers = [
        {"bias": short(bias), "weights": [short(row) for row in inner * bags.scale]},
        {"bias": short([last]), "weights": [short(outer)]},
    ]
    return {"embedder": "multilingual-e5-small-q4", "threshold": round(threshold, 4), "words": words, "layers": layers}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--base", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--other")
    p.add_argument("--foreign")
    p.add_argument("--out", required=True)
    p.add_argument("--cache")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    rows = read([a.data, os.path.join(HERE, "..", "reader")], a.other, a.foreign)
    texts = list(dict.fromkeys(t for r in rows for t in r.pieces))
    x = dict(zip(texts, vectors.of(texts, a.base, a.cache)))
    styles = deal(rows, x)
    bags = Bags(rows, x)
    z = np.zeros(len(rows))
    for at in range(PARTS):
        held = [i for i, r in enumerate(rows) if r.fold == at]
        z[held] = scores(trained(bags, rows, [i for i, r in enumerate(rows) if r.fold not in (at, None)]), bags, held)
    networks = trained(bags, rows, [i for i, r in enumerate(rows) if r.fold is not None])
    foreign = scores(networks, bags, [i for i, r in enumerate(rows) if r.kind == "foreign"])
    threshold = report(rows, styles, z, foreign)
    with open(a.out, "w", encoding="utf8") as file:
        json.dump(written(networks, bags, threshold), file, separators=(",", ":"), ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
