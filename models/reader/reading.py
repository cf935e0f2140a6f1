"""From pairs of question and passage to tokens and labels, and from logits to spans.

Sequence: <s> question </s> heading. passage </s>. "No answer here" is a span at <s>.
"""

import torch
from tokenizers import Tokenizer

START, PAD, END = 0, 1, 2
MOST_QUESTION, MOST_HEADING, LONGEST_SPAN = 64, 32, 40


class Encoder:
    def __init__(self, tokenizer):
        self.tokenizer = Tokenizer.from_file(tokenizer)
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def pair(self, question, head, text, spans=(), most=288):
        """Token ids, start labels, end labels, first passage token, character offsets of the passage's tokens."""
        asked = self.ids(question)[:MOST_QUESTION]
        above = self.ids(head + ". ")[:MOST_HEADING]
        body = self.tokenizer.encode(text, add_special_tokens=False)
        room = most - 3 - len(asked) - len(above)
        offsets = body.offsets[:room]
        ids = [START] + asked + [END] + above + body.ids[:room] + [END]
        first = len(asked) + 2 + len(above)
        starts, ends = [], []
        for start, end in spans:
            hit = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
            if hit:
                starts.append(first + hit[0])
                ends.append(first + hit[-1])
        return ids, starts, ends, first, offsets


def collated(pairs):
    """Ids, mask, allowed positions (the passage's and <s>), and the labels of starts and ends."""
    width, count = max(len(p[0]) for p in pairs), len(pairs)
    ids = torch.full((count, width), PAD, dtype=torch.long)
    mask = torch.zeros(count, width)
    allowed = torch.zeros(count, width, dtype=torch.bool)
    starts, ends = torch.zeros(count, width, dtype=torch.bool), torch.zeros(count, width, dtype=torch.bool)
    for row, (tokens, begin, finish, first, offsets) in enumerate(pairs):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
        allowed[row, 0] = True
        allowed[row, first : first + len(offsets)] = True
        for at in begin or [0]:
            starts[row, at] = True
        for at in finish or [0]:
            ends[row, at] = True
    return ids, mask, allowed, starts, ends


def span_loss(logits, allowed, gold):
    """Negative log-likelihood of the right places within each passage, "no answer" among them."""
    logits = logits.masked_fill(~allowed, -1e4)
    right = logits.masked_fill(~gold, -1e4)
    return torch.logsumexp(logits, -1) - torch.logsumexp(right, -1)


def group_loss(logits, allowed, gold, groups):
    """The same over all passages of a question at once (shared normalisation, Clark and Gardner 2018):
    each passage counts from its own "no answer", so that their margins compare."""
    centred = (logits - logits[:, :1]).masked_fill(~allowed, -1e4)
    centred = torch.cat([torch.zeros_like(centred[:, :1]), centred[:, 1:]], 1)
    answered = gold[:, 1:] & allowed[:, 1:]
    losses = []
    for first, last in groups:
        z = centred[first:last, 1:].reshape(-1)
        g = answered[first:last].reshape(-1)
        all_ = torch.logsumexp(torch.cat([z, z.new_zeros(1)]), 0)
        right = torch.logsumexp(z[g], 0) if bool(g.any()) else z.new_zeros(())
        losses.append(all_ - right)
    return torch.stack(losses)


@torch.no_grad()
def read(model, encoder, pairs, batch=32, most=288):
    """(question, head, text) → (margin of the best span over "no answer", start, end) in characters."""
    model.eval()
    encoded = [encoder.pair(*p, most=most) for p in pairs]
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i][0]))
    out = [None] * len(encoded)
    for k in range(0, len(order), batch):
        chosen = order[k : k + batch]
        ids, mask, *_ = collated([encoded[i] for i in chosen])
        with torch.autocast("cpu", torch.bfloat16, enabled=FAST):
            starts, ends = model(ids, mask)
        for row, i in enumerate(chosen):
            first, offsets = encoded[i][3:]
            n = len(offsets)
            if not n:
                out[i] = (-20.0, 0, 0)
                continue
            both = starts[row, first : first + n, None] + ends[row, None, first : first + n]
            ones = torch.ones(n, n, dtype=torch.bool)
            keep = torch.triu(ones) & ~torch.triu(ones, LONGEST_SPAN)
            best = int(both.masked_fill(~keep, -1e5).argmax())
            a, z = divmod(best, n)
            none = starts[row, 0] + ends[row, 0]
            out[i] = ((both[a, z] - none).item(), offsets[a][0], offsets[z][1])
    return out


# Half precision where the processor computes in it (AMX, AVX-512 BF16); elsewhere it only slows.
try:
    with open("/proc/cpuinfo", encoding="utf8") as file:
        FAST = "amx_bf16" in file.read()
except OSError:
    FAST = False
