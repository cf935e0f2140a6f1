"""Ordinary paragraphs of businesses' documents: the lines of their passages, and approved answers."""

import glob
import hashlib
import json
import os

# Shorter lines are headings and cells.
LEAST_WORDS, LEAST_LETTERS = 7, 16
# Languages without spaces between words.
UNSPACED = ("zh", "ja")


def some(text, one_in):
    return hashlib.sha256(text.encode()).digest()[1] % one_in == 0


def paragraphs(folders):
    """(text, business, language), no text twice."""
    seen = set()

    def new(text, business, lang):
        for line in map(str.strip, text.split("\n")):
            long = len(line) >= LEAST_LETTERS if lang in UNSPACED else len(line.split()) >= LEAST_WORDS
            if long and line not in seen:
                seen.add(line)
                yield line, business, lang

    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "businesses*", "*.json"))):
            with open(path, encoding="utf8") as file:
                data = json.load(file)
            lang = data.get("lang") or "en"
            for passage in data["passages"]:
                yield from new(passage["text"], data["business"], lang)
        for path in sorted(glob.glob(os.path.join(folder, "faq", "*.json"))):
            with open(path, encoding="utf8") as file:
                data = json.load(file)
            for entry in data["faqs"]:
                text = f"{entry['q']} {entry['a']}" if some(entry["q"], 2) else entry["a"]
                yield from new(text, data["business"], data.get("lang") or "en")
