"""Fits the probability that a place answers (src/agent/decide.rs) to what the product itself found.

For each business of a part: documents and `questions.jsonl` in a folder, then
`frontdesk eval SET/questions.jsonl --docs SET/docs --faq SET/faq.csv --json > SET/run.json`.

calibrate.py SET/run.json …      fit, cross-validated by file; prints the weights and right against false
calibrate.py --apply W.json SET/run.json …   only the curve of weights that were fitted before
--without NAME …      leaves features out, to see what they bring

The fit is over the best places of each question, and the likeliest of them is what would be given.
"""

import argparse
import json
import os

import numpy as np

NAMES = ["margin", "alone", "marked", "gap", "quoted", "coverage", "unknown", "rarest", "lacks_figures", "cosine",
         "first", "words", "foreign", "bias"]  # fmt: skip
# Places in documents and approved answers have weights of their own.
KINDS = ["documents", "approved"]
# Of the L2 penalty; features are about 1 in size, but for the margins.
STRENGTH = 1.0


def features(f):
    return [
        min(15, max(-15, f["margin"])), min(15, max(-15, -6.0 if f["alone"] is None else f["alone"])),
        float(np.log(min(300, max(1, f["marked"])))), min(10, max(-10, f["gap"])), f["quoted"], f["coverage"],
        f["unknown"], float(f["rarest"]), float(f["lacks_figures"]), min(2, max(-2, 20 * (f["cosine"] - 0.85))), 1 / (1 + f["rank"]),
        float(np.log(min(60, max(1, f["words"])))), float(f["foreign"]), 1.0,
    ]  # fmt: skip


class Question:
    """Its places as [(kind, features, whether it holds the answer)], or the outcome of another rung."""

    def __init__(self, one, case):
        self.answerable, self.places, self.outcome = one["answerable"], [], one["outcome"]
        considered = [c for c in (one["checks"] or {}).get("considered", []) if c["rung"] == "read"]
        if considered and considered[0]["features"].get("margin") is not None:
            best = considered[0]
            for place in [best] + best.get("others", []):
                right = one["answerable"] and holds(case, place["text"])
                kind = KINDS[int(place["features"]["approved"])]
                self.places.append((kind, features(place["features"]), right))

    def best(self, weights):
        return max((1 / (1 + np.exp(-(np.array(x) @ weights[kind]))), right) for kind, x, right in self.places)


def questions(path):
    with open(path, encoding="utf8") as file:
        report = json.load(file)
    with open(os.path.join(os.path.dirname(path), "questions.jsonl"), encoding="utf8") as file:
        cases = {c["id"]: c for c in map(json.loads, file)}
    return [Question(one, cases[one["id"]]) for one in report["results"]]


def plain(text):
    return " ".join(text.replace(" | ", " · ").lower().split())


def holds(case, text):
    text = plain(text)
    groups = case.get("must") or [case.get("answers") or []]
    return all(any(plain(a) in text for a in group) for group in groups)


def fit(asked, used):
    return {kind: fit_kind([(x, y) for q in asked for k, x, y in q.places if k == kind], used) for kind in KINDS}


def fit_kind(places, used):
    weights = np.zeros(len(NAMES))
    if not places:
        return weights
    x = np.array([x for x, _ in places]) * used
    y = np.array([float(right) for _, right in places])
    penalty = STRENGTH * np.eye(x.shape[1])
    penalty[-1, -1] = 1e-6
    for _ in range(60):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (p - y) + penalty @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def curve(scored, answerable, total, fixed_right, fixed_false):
    """Right of the answerable at each allowed share of false of all, and the threshold for it."""
    out = {}
    for share in (0.01, 0.02, 0.03, 0.04, 0.06, 0.10):
        right, false, best = fixed_right, fixed_false, (fixed_right / answerable, 1.0)
        for p, hit in sorted(scored, key=lambda s: -s[0]):
            right, false = right + hit, false + (not hit)
            if false <= share * total and right / answerable > best[0]:
                best = (right / answerable, p)
        out[share] = best
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("runs", nargs="+")
    p.add_argument("--apply")
    p.add_argument("--out")
    p.add_argument("--without", nargs="*", default=[])
    a = p.parse_args()
    used = np.array([n not in a.without for n in NAMES], float)
    data = [questions(r) for r in a.runs]
    everything = [q for run in data for q in run]
    read = [q for q in everything if q.places]
    answerable = sum(q.answerable for q in everything)
    fixed_right = sum(q.outcome == "right" and q.answerable for q in everything if not q.places)
    fixed_false = sum(q.outcome == "false" for q in everything if not q.places)
    if a.apply:
        with open(a.apply, encoding="utf8") as file:
            kept = json.load(file)
        weights = {kind: np.array([kept[kind][n] for n in NAMES]) for kind in KINDS}
        held_out = [q.best(weights) for q in read]
    else:
        held_out = []
        for at, run in enumerate(data):
            w = fit([q for k, other in enumerate(data) if k != at for q in other if q.places], used)
            held_out += [q.best(w) for q in run if q.places]
        whole = fit(read, used)
        fitted = {kind: dict(zip(NAMES, (round(float(w), 3) for w in whole[kind]))) for kind in KINDS}
        print(json.dumps(fitted))
        if a.out:
            with open(a.out, "w", encoding="utf8") as file:
                json.dump(fitted, file)
    places = sum(y for _, y in held_out)
    print(f"{len(everything)} questions, {answerable} answerable; best place holds the answer {places + fixed_right} ({(places + fixed_right) / answerable:.2f})")
    for share, (right, threshold) in curve(held_out, answerable, len(everything), fixed_right, fixed_false).items():
        print(f"false ≤ {share:.0%} of all: right {right:.3f} of the answerable, threshold {threshold:.3f}")
    # How well the probabilities are meant: mean of each eighth beside what came of it.
    ordered = sorted(held_out)
    for k in range(0, len(ordered), max(1, len(ordered) // 8)):
        part = ordered[k : k + max(1, len(ordered) // 8)]
        print(f"   said {np.mean([p for p, _ in part]):.2f}   was {np.mean([y for _, y in part]):.2f}")


if __name__ == "__main__":
    main()
