#!/usr/bin/env python3
"""Answers of many small sets together: each folder has docs/, questions.jsonl and maybe faq.csv.

answers.py FRONTDESK FOLDER... [--keep]   runs `frontdesk eval … --json` for each, writes run.json beside the questions
(`models/reader/calibrate.py` reads them), and prints right, related, false and times, for each and for all.
"""

import collections
import json
import os
import subprocess
import sys


def run(binary, folder):
    call = [binary, "eval", f"{folder}/questions.jsonl", "--docs", f"{folder}/docs", "--no-save", "--json"]
    faq = f"{folder}/faq.csv"
    if os.path.exists(faq) and os.path.getsize(faq) > 20:
        call += ["--faq", faq]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    start = done.stdout.find("{")
    if start < 0:
        sys.exit(f"{folder}: {done.stderr[-600:]}")
    with open(f"{folder}/run.json", "w", encoding="utf8") as file:
        file.write(done.stdout[start:])
    return json.loads(done.stdout[start:])


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0


def line(name, results):
    yes = [r for r in results if r["answerable"]]
    no = [r for r in results if not r["answerable"]]
    right = sum(r["outcome"] == "right" for r in yes)
    with_related = right + sum(r["rung"] == "related" and r["contains"] for r in yes)
    false = sum(r["outcome"] == "false" for r in results)
    claimed = sum(r["outcome"] == "false" for r in no)
    related = sum(r["rung"] == "related" for r in no)
    found = [r["retrieved"] for r in yes if r["retrieved"] is not None]
    times = [r["total_ms"] for r in results]

    def share(n, of):
        return f"{n / of:5.0%}" if of else "    -"

    print(
        f"{name[:34]:34} {len(yes):4} /{len(no):4}  right {share(right, len(yes))}  with related {share(with_related, len(yes))}  "
        f"false of all {false / max(1, len(results)):6.1%}  unanswerable not claimed {share(len(no) - claimed, len(no))}, related {share(related, len(no))}  "
        f"found {share(sum(found), len(found))}  p50 {percentile(times, 0.5)} p95 {percentile(times, 0.95)} ms",
        flush=True,
    )


def main():
    arguments = [a for a in sys.argv[1:] if a != "--keep"]
    binary, folders = arguments[0], arguments[1:]
    everything, languages = [], collections.defaultdict(list)
    for folder in folders:
        kept = f"{folder}/run.json"
        if "--keep" in sys.argv and os.path.exists(kept):
            with open(kept, encoding="utf8") as file:
                report = json.load(file)
        else:
            report = run(binary, folder)
        name = os.path.basename(folder.rstrip("/"))
        line(name, report["results"])
        everything += report["results"]
        language = name[:2] if name[2:3] == "-" else "en"
        languages[language] += report["results"]
    if len(languages) > 1:
        for language, results in sorted(languages.items()):
            line(f"= {language}", results)
    line("= all", everything)


if __name__ == "__main__":
    main()
