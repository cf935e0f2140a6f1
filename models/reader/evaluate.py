"""Figures of a reader on the validation (or report) part: best place per question among the right and
the nearest passages, by kind and language; right against false by the margin alone.

evaluate.py --base FOLDER --data SHARED/reader --reader reader.safetensors [--part validation]
"""

import argparse
import bisect
import collections
import json
import os

import network
import pairs
from reading import Encoder, read


def auroc(rows):
    yes = [m for m, answerable, _ in rows if answerable]
    no = sorted(m for m, answerable, _ in rows if not answerable)
    return sum(bisect.bisect_left(no, m) for m in yes) / max(1, len(yes) * len(no))


def right_at(rows, share):
    """Right share of the answerable at the loosest threshold with at most this share false of all."""
    best = right = false = 0
    answerable = sum(r[1] for r in rows)
    for _, can, hit in sorted(rows, key=lambda r: -r[0]):
        right, false = right + bool(hit), false + (not hit)
        if false <= share * len(rows):
            best = max(best, right)
    return best / max(1, answerable)


def table(name, rows):
    yes = [r for r in rows if r[1]]
    if not yes or len(yes) == len(rows):
        return
    curve = " / ".join(f"{right_at(rows, s):.2f}" for s in (0.02, 0.03, 0.04, 0.06, 0.10))
    place = sum(bool(r[2]) for r in yes) / len(yes)
    print(f"{name:24} {len(yes):4} / {len(rows) - len(yes):4}   place {place:.3f}   AUROC {auroc(rows):.3f}   right at 2/3/4/6/10 % false {curve}", flush=True)


def overlap(a, b, spans):
    return any(not (b <= s or a >= e) for s, e in spans)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--base", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--reader")
    p.add_argument("--part", default="validation")
    p.add_argument("--near", type=int, default=5)
    p.add_argument("--errors", help="file for the questions that went wrong, the surest first")
    a = p.parse_args()
    encoder = Encoder(os.path.join(a.base, "tokenizer.json"))
    model = network.load(os.path.join(a.base, "model.npz"), a.reader)
    groups = list(pairs.part(a.data, os.path.join(a.data, "split.json"), a.part, a.near))
    flat = [(g["q"], p["head"], p["text"]) for g in groups for p in g["passages"]]
    results = iter(read(model, encoder, flat))
    rows, errors = collections.defaultdict(list), []
    for g in groups:
        scored = [(next(results), p) for p in g["passages"]]
        (margin, start, end), passage = max(scored, key=lambda x: x[0][0])
        hit = bool(passage["spans"]) if g["faq"] else overlap(start, end, passage["spans"])
        row = (margin, any(p["spans"] for p in g["passages"]), hit)
        if not hit and (row[1] or margin > 0):
            errors.append({"margin": round(margin, 1), "q": g["q"], "type": g["type"], "lang": g["lang"], "read": passage["text"][start:end],
                           "right": [p["text"][s:e] for p in g["passages"] for s, e in p["spans"]][:3] if not g["faq"] else row[1],
                           "text": passage["text"], "file": g["file"]})  # fmt: skip
        if g["faq"]:
            rows["approved answers"].append(row)
        else:
            old = g["lang"] == "en" and g["file"].startswith("businesses/")
            rows["English" if old else "English, later" if g["lang"] == "en" else g["lang"]].append(row)
            rows["all languages"].append(row)
    for name in sorted(rows, key=lambda n: -len(rows[n])):
        table(name, rows[name])
    if a.errors:
        with open(a.errors, "w", encoding="utf8") as file:
            for error in sorted(errors, key=lambda e: -e["margin"]):
                file.write(json.dumps(error, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
