"""Ordinary paragraphs of businesses' documents: passages, some of their lines alone, and approved answers."""

import glob
import hashlib
import json
import os

# Shorter lines are headings and cells.
LEAST_WORDS = 7


def some(text, one_in):
    return hashlib.sha256(text.encode()).digest()[1] % one_in == 0


def paragraphs(folders):
    """(text, business, language), no text twice."""
    seen = set()

    def new(text, business, lang):
        text = text.strip()
        if text and text not in seen:
            seen.add(text)
            yield text, business, lang

    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "businesses*", "*.json"))):
            with open(path, encoding="utf8") as file:
                data = json.load(file)
            lang = data.get("lang") or "en"
            for passage in data["passages"]:
                yield from new(passage["text"], data["business"], lang)
                lines = passage["text"].split("\n")
                if len(lines) > 1:
                    for line in lines:
                        if len(line.split()) >= LEAST_WORDS and some(line, 4):
                            yield from new(line, data["business"], lang)
        for path in sorted(glob.glob(os.path.join(folder, "faq", "*.json"))):
            with open(path, encoding="utf8") as file:
                data = json.load(file)
            for entry in data["faqs"]:
                text = f"{entry['q']}\n{entry['a']}" if some(entry["q"], 2) else entry["a"]
                if len(text.split()) >= LEAST_WORDS:
                    yield from new(text, data["business"], data.get("lang") or "en")
