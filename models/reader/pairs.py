"""Questions with the passages that a search would hand the reader, from business files, approved
answers and public sets.

A group is one question: {"q", "passages": [{"head", "text", "spans": [[start, end], …]}], "file",
"n", "type", "lang", "faq"}. Spans count characters of `text`; a passage without spans does not answer.
"""

import collections
import json
import math
import os
import random
import re

# Between the question before and the question itself, where one leans on the other.
BEFORE = " | "


def words(text):
    if re.search("[\u3040-\u30ff\u4e00-\u9fff]", text):
        return [text[i : i + 2] for i in range(len(text) - 1)]
    return re.findall(r"\w+", text.lower())


class BM25:
    def __init__(self, texts, k1=1.2, b=0.75):
        self.counts = [collections.Counter(words(t)) for t in texts]
        self.lengths = [sum(c.values()) for c in self.counts]
        self.mean = sum(self.lengths) / max(1, len(texts))
        self.k1, self.b = k1, b
        seen = collections.Counter(w for c in self.counts for w in c)
        n = len(texts)
        self.idf = {w: math.log(1 + (n - f + 0.5) / (f + 0.5)) for w, f in seen.items()}

    def rank(self, question):
        scores = []
        for count, length in zip(self.counts, self.lengths):
            norm = self.k1 * (1 - self.b + self.b * length / self.mean)
            scores.append(
                sum(
                    self.idf[w] * count[w] * (self.k1 + 1) / (count[w] + norm)
                    for w in words(question)
                    if w in count
                )
            )
        return sorted(range(len(scores)), key=lambda i: -scores[i])


# --- questions as people type them

NEAR_KEYS = {
    a: b
    for a, b in zip(
        "qwertyuiopasdfghjklzxcvbnm", "wertyuioasdfghjklpxcvbnmkj"
    )
}
TEXTING = {
    "you": "u", "are": "r", "your": "ur", "have": "hav", "please": "pls", "tomorrow": "tmrw",
    "what": "wat", "time": "tym", "for": "4", "to": "2", "much": "mch", "because": "cos",
    "with": "w/", "about": "abt", "there": "ther", "their": "there", "does": "dose",
    "sunday": "sundy", "saturday": "saterday", "wednesday": "wensday", "appointment": "apointment",
    "price": "prize", "children": "childern", "and": "n", "thanks": "thx", "be": "b",
}  # fmt: skip
SOUNDS = [("ph", "f"), ("ght", "t"), ("ck", "k"), ("ie", "ei"), ("ei", "ie"), ("ll", "l"),
          ("ss", "s"), ("tt", "t"), ("mm", "m"), ("ou", "u"), ("ea", "ee"), ("ai", "ay"),
          ("th", "t"), ("ch", "sh"), ("tion", "shun"), ("qu", "kw"), ("z", "s"), ("c", "k")]  # fmt: skip
ACCENTS = str.maketrans("áàâäãéèêëíìîïóòôöõúùûüñçżźćńłśąęåøšžčřýůě", "aaaaaeeeeiiiiooooouuuunczzcnlsaeaoszcryue")


def misspelt(word, rng):
    at = rng.randrange(len(word) - 1)
    kind = rng.random()
    if kind < 0.25:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind < 0.5:
        return word[:at] + word[at + 1 :]
    if kind < 0.65:
        return word[: at + 1] + word[at:]
    if kind < 0.8:
        return word[:at] + NEAR_KEYS.get(word[at].lower(), word[at]) + word[at + 1 :]
    fitting = [(a, b) for a, b in SOUNDS if a in word[1:]]
    if not fitting:
        return word[:at] + word[at + 1 :]
    a, b = rng.choice(fitting)
    return word[0] + word[1:].replace(a, b, 1)


def roughened(question, rng):
    """The question as it might be typed in a hurry: letters, spelling, texting, no marks or accents."""
    parts = question.split(" ")
    if rng.random() < 0.3:
        parts = [TEXTING.get(p.lower(), p) if rng.random() < 0.6 else p for p in parts]
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        able = [i for i, p in enumerate(parts) if len(p) > 3 and p.isalpha()]
        if not able:
            break
        at = rng.choice(able)
        parts[at] = misspelt(parts[at], rng)
    text = " ".join(parts)
    if rng.random() < 0.2:
        text = text.translate(ACCENTS).replace("ß", "ss")
    return text


def as_typed(question, rng):
    if rng.random() < 0.2:
        question = roughened(question, rng)
    if rng.random() < 0.25:
        question = question.lower().rstrip("?.!¿")
    return question


def left_out(question, answerable, rng):
    """Long questions are answered more often than short ones in what was written; the reader is not to learn that."""
    words = len(question.split())
    if answerable:
        return words > 13 and rng.random() < 0.35
    return words < 8 and rng.random() < 0.4


# Share of the questions that are also asked of lines and sentences alone.
ALONE = 0.6

# --- businesses

def heading(passage):
    return " – ".join([passage["title"]] + passage["heading"][-1:])


def units(text):
    """Lines and sentences: where a passage can be cut."""
    found = []
    for line in re.finditer(r"[^\n]+", text):
        if " · " in line.group() or line.group().startswith("- "):
            found.append(line.span())
            continue
        for sentence in re.finditer(r"\S.*?(?:[.!?。！？]+(?=\s|$)|$|(?<=[。！？]))", line.group()):
            found.append((line.start() + sentence.start(), line.start() + sentence.end()))
    return [u for u in found if u[0] < u[1]]


def without(text, spans):
    """The passage without the lines or sentences that hold the answer: near, and no answer."""
    kept = [
        text[a:b]
        for a, b in units(text)
        if not any(a < end and start < b for start, end in spans)
    ]
    return "\n".join(kept)


def shuffled_rows(text, spans, rng):
    """Table rows and list items in another order, the spans moved with them."""
    lines = text.split("\n")
    rows = [i for i, line in enumerate(lines) if " · " in line or line.startswith("- ")]
    if len(rows) < 3:
        return text, spans
    order = rows[:]
    rng.shuffle(order)
    source = list(range(len(lines)))
    for at, from_ in zip(rows, order):
        source[at] = from_
    before = [0]
    for line in lines:
        before.append(before[-1] + len(line) + 1)
    after, moved = 0, {}
    for from_ in source:
        moved[from_] = after
        after += len(lines[from_]) + 1
    out = []
    for start, end in spans:
        line = max(i for i in range(len(lines)) if before[i] <= start)
        if end > before[line] + len(lines[line]):
            return text, spans
        shift = moved[line] - before[line]
        out.append([start + shift, end + shift])
    return "\n".join(lines[i] for i in source), out


class Business:
    def __init__(self, root, name):
        with open(os.path.join(root, name), encoding="utf8") as file:
            data = json.load(file)
        self.name, self.lang = name, data.get("lang", "en")
        self.passages = data["passages"]
        self.at = {p["id"]: p for p in self.passages}
        self.questions = data["questions"]
        self.bm25 = BM25([heading(p) + " " + p["text"] for p in self.passages])
        self.ranks = {}

    def gold(self, question):
        spans = collections.defaultdict(list)
        for a in question["answers"]:
            text = self.at[a["p"]]["text"]
            start = text.index(a["sentence"]) + a["sentence"].index(a["span"])
            spans[a["p"]].append([start, start + len(a["span"])])
        return spans

    def nearest(self, n, question, gold):
        if n not in self.ranks:
            self.ranks[n] = self.bm25.rank(question.get("standalone") or question["q"])
        return [self.passages[i] for i in self.ranks[n] if self.passages[i]["id"] not in gold]

    def validation(self, near):
        for n, question in enumerate(self.questions):
            gold = self.gold(question)
            passages = [
                {"head": heading(self.at[p]), "text": self.at[p]["text"], "spans": s}
                for p, s in gold.items()
            ]
            passages += [
                {"head": heading(p), "text": p["text"], "spans": []}
                for p in self.nearest(n, question, gold)[:near]
            ]
            yield self.group(n, question, question.get("standalone") or question["q"], passages)

    def group(self, n, question, text, passages):
        return {"q": text, "passages": passages, "file": self.name, "n": n,
                "type": question.get("type"), "lang": self.lang, "faq": False}  # fmt: skip

    def training(self, rng):
        for n, question in enumerate(self.questions):
            gold = self.gold(question)
            if left_out(question["q"], gold, rng):
                continue
            text = question.get("standalone") or question["q"]
            history = question.get("history")
            if history and rng.random() < 0.5:
                before = history[0] if isinstance(history[0], str) else history[0].get("text", "")
                text = before + BEFORE + as_typed(question["q"], rng)
            else:
                text = as_typed(text, rng)
                if rng.random() < 0.06:
                    # A turn before it that it does not lean on.
                    text = rng.choice(self.questions)["q"] + BEFORE + text
            passages = []
            for p, spans in gold.items():
                body, moved = self.at[p]["text"], spans
                if rng.random() < 0.3:
                    body, moved = shuffled_rows(body, spans, rng)
                # Rows as a document reader may write them; as many characters, so spans stay.
                if rng.random() < 0.15:
                    body = body.replace(" · ", " | ")
                passages.append({"head": self.headed(p, rng), "text": body, "spans": moved})
            near = self.nearest(n, question, gold)
            wanted = (2 if gold else 3) + (rng.random() < 0.3)
            some = near[:wanted] if rng.random() < 0.5 else rng.sample(near[:7], min(wanted, len(near[:7])))
            passages += [{"head": self.headed(p["id"], rng), "text": p["text"], "spans": []} for p in some]
            yield self.group(n, question, text, passages)
            if rng.random() < ALONE:
                yield self.group(n, question, text, self.alone(question, gold, near, rng))
            # The same question where the words that answer are gone.
            if gold and rng.random() < 0.25:
                cut = [
                    {"head": self.headed(p, rng), "text": without(self.at[p]["text"], s), "spans": []}
                    for p, s in gold.items()
                ]
                cut = [p for p in cut if len(p["text"]) > 40]
                if cut and len(cut) == len(gold):
                    yield self.group(n, question, as_typed(question.get("standalone") or question["q"], rng), cut + passages[len(gold) : len(gold) + 1])

    def alone(self, question, gold, near, rng):
        """Lines and sentences by themselves, as the reader gets to see its best places a second time: the right ones, their
        neighbours, and what is nearest elsewhere."""
        asked = set(words(question.get("standalone") or question["q"]))
        right, beside = [], []
        for p, spans in gold.items():
            text = self.at[p]["text"]
            for a, b in units(text):
                inside = [[s - a, e - a] for s, e in spans if a <= s and e <= b]
                cut = any(a < e and s < b for s, e in spans)
                one = {"head": self.headed(p, rng), "text": text[a:b], "spans": inside}
                if inside:
                    right.append(one)
                elif not cut:
                    beside.append((len(asked & set(words(text[a:b]))) + rng.random(), one))
        elsewhere = []
        for p in near[:3]:
            parts = [p["text"][a:b] for a, b in units(p["text"])]
            best = max(parts, key=lambda t: len(asked & set(words(t))) + rng.random(), default=None)
            if best:
                elsewhere.append({"head": self.headed(p["id"], rng), "text": best, "spans": []})
        nearest = [one for _, one in sorted(beside, key=lambda x: -x[0])]
        return right[:3] + nearest[:3] + elsewhere[: 2 if nearest else 3]

    def headed(self, p, rng):
        passage = self.at[p]
        return passage["title"] if rng.random() < 0.1 else heading(passage)


class Faq:
    def __init__(self, root, name):
        with open(os.path.join(root, name), encoding="utf8") as file:
            data = json.load(file)
        self.name, self.lang, self.asked = name, data.get("lang", "en"), data["asked"]
        self.entries = {e["id"]: e for e in data["faqs"]}
        self.ids = list(self.entries)
        self.bm25 = BM25([e["q"] + " " + e["a"] for e in data["faqs"]])

    def passage(self, entry, answers):
        e = self.entries[entry]
        # Any words of an approved answer do: only "answers or not" is learned.
        spans = [[m.start(), m.end()] for m in re.finditer(r"\S+", e["a"])] if answers else []
        return {"head": "FAQ – " + e["q"], "text": e["a"], "spans": spans}

    def groups(self, rng, near_most):
        for n, asked in enumerate(self.asked):
            match = asked.get("match")
            if rng and left_out(asked["q"], match, rng):
                continue
            near = [asked.get("near")] + [self.ids[i] for i in self.bm25.rank(asked["q"])]
            near = [x for x in dict.fromkeys(near) if x and x != match][:near_most]
            passages = [self.passage(match, True)] if match else []
            passages += [self.passage(x, False) for x in near]
            text = as_typed(asked["q"], rng) if rng else asked["q"]
            yield {"q": text, "passages": passages, "file": self.name, "n": n,
                   "type": asked.get("kind"), "lang": self.lang, "faq": True}  # fmt: skip


# --- public sets

def window(example, rng):
    """A piece of 45 to 95 words that holds the answers, or the most words of the question."""
    text = example["context"]
    spans = [[a["start"], a["start"] + len(a["text"])] for a in example["answers"]]
    size = rng.choice([45, 60, 75, 95])
    parts = text.split(" ")
    if len(parts) <= size:
        return text, spans
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part) + 1)
    if spans:
        first = max(0, text[: min(spans)[0]].count(" ") - rng.randint(0, size - 10))
    else:
        asked = set(example["question"].lower().split())
        first = max(
            range(0, max(1, len(parts) - size + 1), 10),
            key=lambda i: len(asked & {x.lower().strip(".,") for x in parts[i : i + size]}),
        )
    low, high = offsets[first], offsets[min(len(parts), first + size)] - 1
    inside = [[a - low, b - low] for a, b in spans if a >= low and b <= high]
    return (text[low:high], inside) if inside or not spans else (None, None)


def public(path, rng):
    with open(path, encoding="utf8") as file:
        examples = [json.loads(line) for line in file]
    for n, example in enumerate(examples):
        text, spans = window(example, rng)
        if not text or len(text) > 900 or len(example["question"].split()) > 60:
            continue
        head = (example.get("title") or example.get("domain") or "").split("/")[-1].replace("_", " ")
        passages = [{"head": head, "text": text, "spans": spans}]
        if spans and rng.random() < 0.1:
            cut = without(text, spans)
            if len(cut) > 80:
                passages = [{"head": head, "text": cut, "spans": []}]
        question = as_typed(example["question"], rng) if rng.random() < 0.5 else example["question"]
        yield {"q": question, "passages": passages, "file": example["set"], "n": n, "type": None,
               "lang": example["lang"], "faq": False}  # fmt: skip


# --- parts

def names(root, split, part):
    with open(split, encoding="utf8") as file:
        parts = json.load(file)
    return [
        (kind, name)
        for kind in ("businesses", "faq")
        for name in parts[kind][part]
        if os.path.exists(os.path.join(root, name))
    ]


def part(root, split, which, near=5):
    """The groups of validation or report: the right passages and the nearest others."""
    for kind, name in names(root, split, which):
        if kind == "businesses":
            yield from Business(root, name).validation(near)
        else:
            yield from Faq(root, name).groups(None, 3)


class Training:
    """Groups anew for each epoch: other neighbours, other spelling."""

    def __init__(self, root, split, extra=(), public_files=(), faq_times=1):
        self.faq_times = faq_times
        chosen = names(root, split, "train")
        self.businesses = [Business(root, n) for k, n in chosen if k == "businesses"]
        for folder in extra:
            self.businesses += [
                Business(folder, "businesses/" + n)
                for n in sorted(os.listdir(folder + "/businesses"))
                if n.endswith(".json")
            ]
        self.faqs = [Faq(root, n) for k, n in chosen if k == "faq"]
        for folder in extra:
            self.faqs += [
                Faq(folder, "faq/" + n)
                for n in sorted(os.listdir(folder + "/faq"))
                if n.endswith(".json")
            ]
        self.public_files = public_files

    def own(self, seed):
        rng = random.Random(seed)
        for business in self.businesses:
            yield from business.training(rng)
        for faq in self.faqs * self.faq_times:
            yield from faq.groups(rng, rng.choice([1, 2, 2]))

    def foreign(self, seed):
        rng = random.Random(seed)
        for path in self.public_files:
            yield from public(path, rng)
