"""Pieces of a paragraph that are judged alone, so that sentences around an order do not hide it."""

import re

# A sentence ends at its mark and white space, or at the end of a line.
END = re.compile(r"(?<=[.!?؟。！？])\s+|\n+")
# A piece is closed by the sentence with which it has this many words; a shorter rest than `TAIL` joins the one before.
LEAST, TAIL = 20, 8


def pieces(text):
    out, open_ = [], []
    for sentence in END.split(text):
        if not sentence.strip():
            continue
        open_.append(sentence.strip())
        if sum(len(s.split()) for s in open_) >= LEAST:
            out.append(" ".join(open_))
            open_ = []
    if open_:
        rest = " ".join(open_)
        if out and len(rest.split()) < TAIL:
            out[-1] += " " + rest
        else:
            out.append(rest)
    return out or [text]
