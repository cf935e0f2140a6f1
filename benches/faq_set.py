#!/usr/bin/env python3
"""Approved answers and what is asked near them (the form of models/reader/faq/) as a set for answers.py.

faq_set.py FILE.json FOLDER
"""

import csv
import json
import os
import sys


def main():
    source, folder = sys.argv[1:3]
    with open(source, encoding="utf8") as file:
        data = json.load(file)
    os.makedirs(f"{folder}/docs", exist_ok=True)
    answers = {f["id"]: f["a"] for f in data["faqs"]}
    # A business has documents too; one that says nothing of what is asked.
    with open(f"{folder}/docs/imprint.md", "w", encoding="utf8") as file:
        file.write(f"# {data['business']}\n\n{data['business']}, {data.get('country', '')}\n")
    with open(f"{folder}/faq.csv", "w", encoding="utf8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["question", "answer"])
        rows.writerows([f["q"], f["a"]] for f in data["faqs"])
    with open(f"{folder}/questions.jsonl", "w", encoding="utf8") as file:
        for n, asked in enumerate(data["asked"], 1):
            match = asked.get("match")
            case = {"id": f"q-{n:03}", "question": asked["q"], "answerable": bool(match), "kind": asked.get("kind", "")}
            if match:
                case["must"] = [[answers[match]]]
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
