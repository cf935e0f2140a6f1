"""Figures of a piece's words and signs, beside its vector. `src/knowledge/orders/features.rs` counts the same."""

import json
import os

ADDRESSES = ("http://", "https://", "www.", ".com", ".net", ".org", ".info", ".example")
SIGNS = "<>{}[]#*|/\\=_`"
QUOTES = '"“„«「'


def words_of(text):
    """Runs of letters, figures and apostrophes, in lower case."""
    word = []
    for c in text.lower().replace("’", "'"):
        if c.isalnum() or (c == "'" and word):
            word.append(c)
        elif word:
            yield "".join(word)
            word = []
    if word:
        yield "".join(word)


class Words:
    """Lists of word beginnings; one with `$` is a whole word."""

    def __init__(self, lists):
        self.names = list(lists)
        self.whole, self.begin = {}, {}
        for at, name in enumerate(self.names):
            for word in lists[name].split():
                table, word = (self.whole, word[:-1]) if word.endswith("$") else (self.begin, word)
                table.setdefault(word, set()).add(at)
        self.longest = max(map(len, self.begin))

    @classmethod
    def load(cls):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.json")
        with open(path, encoding="utf8") as file:
            return cls(json.load(file))

    def count(self, text):
        """How many words of each list there are, and how many words."""
        counts, total = [0] * len(self.names), 0
        for word in words_of(text):
            total += 1
            lists = set(self.whole.get(word, ()))
            for end in range(1, min(len(word), self.longest) + 1):
                lists |= self.begin.get(word[:end], set())
            for at in lists:
                counts[at] += 1
        return counts, total


def has_digit_inside(word):
    """A figure between letters: `instruct10ns`."""
    seen = ""
    for c in word:
        if c.isalpha():
            if seen == "ad":
                return True
            seen = "a"
        elif c in "0123456789" and seen:
            seen = "ad"
        else:
            seen = ""
    return False


def figures(words, text):
    """Of each list, whether there is a word of it and whether there is more than one; then the signs."""
    counts, total = words.count(text)
    out = []
    for count in counts:
        out += [float(count > 0), float(count > 1)]
    tokens = text.split()
    lower = text.lower()
    capitals = sum(len(t) > 2 and t.isupper() for t in tokens)
    mail = any("." in t.split("@", 1)[1] for t in tokens if "@" in t)
    out += [
        min(1.0, 10 * sum(c in SIGNS for c in text) / max(1, len(text))),
        min(1.0, capitals / 4),
        float(sum(map(has_digit_inside, tokens)) > 1),
        float(any(len(t) > 24 and "." not in t and "/" not in t for t in tokens)),
        float(sum(len(t) == 1 and t.isalpha() for t in tokens) > 8),
        float(mail or any(a in lower for a in ADDRESSES)),
        float(any(q in text for q in QUOTES)),
        min(1.0, total / 40),
    ]
    return out
