#!/usr/bin/env python3
"""What each part of the answer path brings: the same questions with a part taken away.

ablations.py FRONTDESK FOLDER...   each folder has docs/, questions.jsonl and maybe faq.csv, as for `answers.py`

Runs `frontdesk eval` as it is, without the reader, and with the former embedding model (get it with
`frontdesk models get all-minilm-l6-v2`; the reader shares the table of the present one and is away then), and writes
run-NAME.json beside the questions. Runs that are there already are not repeated. "By the margin alone" is reckoned from the first run:
the place with the greatest margin is given, if it is great enough, and no calibration decides. Without a reader the chat model would
judge: take a models folder without one (FRONTDESK_MODELS_DIR), so that the rows differ in one thing. Needs numpy.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models", "reader"))
from calibrate import curve, holds  # noqa: E402

MINILM = {"FRONTDESK_EMBED_MODEL": "all-minilm-l6-v2"}
BLIND = {"FRONTDESK_READER_MODEL": "none"}
# The name of a run and what is set for it.
RUNS = {"as-it-is": {}, "no-reader": BLIND, "minilm": MINILM | BLIND}
SHARES = (0.02, 0.03, 0.04)


def run(binary, folder, name, settings):
    kept = f"{folder}/run-{name}.json"
    if not os.path.exists(kept):
        call = [binary, "eval", f"{folder}/questions.jsonl", "--docs", f"{folder}/docs", "--no-save", "--json"]
        faq = f"{folder}/faq.csv"
        if os.path.exists(faq) and os.path.getsize(faq) > 20:
            call += ["--faq", faq]
        done = subprocess.run(call, capture_output=True, text=True, check=False, env=os.environ | settings)
        start = done.stdout.find("{")
        if start < 0:
            sys.exit(f"{folder}, {name}: {done.stderr[-600:]}")
        with open(kept, "w", encoding="utf8") as file:
            file.write(done.stdout[start:])
    with open(kept, encoding="utf8") as file:
        results = json.load(file)["results"]
    with open(f"{folder}/questions.jsonl", encoding="utf8") as file:
        cases = {case["id"]: case for case in map(json.loads, file)}
    return [(result, cases[result["id"]]) for result in results]


def by_score(place):
    return place["score"]


def by_margin(place):
    margin = place["features"]["margin"]
    return -99.0 if margin is None else margin


def places(result):
    """The places that the reading rung had to choose from, if it was asked."""
    considered = [c for c in (result["checks"] or {}).get("considered", []) if c["rung"] == "read"]
    return considered and [considered[0], *considered[0].get("others", [])]


def line(name, asked, key):
    answerable = sum(result["answerable"] for result, _ in asked)
    scored, fixed_right, fixed_false = [], 0, 0
    for result, case in asked:
        if from_read := places(result):
            best = max(from_read, key=key)
            scored.append((key(best), result["answerable"] and holds(case, best["text"])))
        else:
            fixed_right += result["answerable"] and result["outcome"] == "right"
            fixed_false += result["outcome"] == "false"
    found = [result["retrieved"] for result, _ in asked if result["retrieved"] is not None]
    best_holds = (sum(hit for _, hit in scored) + fixed_right) / answerable
    at = curve(scored, answerable, len(asked), fixed_right, fixed_false)
    shares = "  ".join(f"{at[share][0]:.2f}" for share in SHARES)
    right = sum(result["answerable"] and result["outcome"] == "right" for result, _ in asked) / answerable
    false = sum(result["outcome"] == "false" for result, _ in asked) / len(asked)
    print(
        f"{name[:40]:40} {len(asked):5} questions  found {sum(found) / len(found):.2f}  best place holds it {best_holds:.2f}  "
        f"right at 2, 3, 4 % false  {shares}   with the thresholds in use: right {right:.2f}, false {false:.3f}",
        flush=True,
    )


def main():
    binary, *folders = sys.argv[1:]
    asked = {name: [] for name in RUNS}
    for name, settings in RUNS.items():
        for folder in folders:
            asked[name] += run(binary, folder, name, settings)
        line(name, asked[name], by_score)
        if name == "as-it-is":
            line("… by the margin alone", asked[name], by_margin)


if __name__ == "__main__":
    main()
