"""One training run; stopped at any time, it goes on from its last checkpoint with the same command.

train.py --base FOLDER --data SHARED/reader [--public FILE…] [--from reader.safetensors] --out FOLDER
"""

import argparse
import json
import os
import random
import sys
import time

import torch

import network
import pairs
from reading import FAST, Encoder, collated, group_loss, span_loss


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--base", required=True, help="folder with model.npz and tokenizer.json")
    p.add_argument("--data", required=True, help="folder with businesses, FAQ pairs and split.json")
    p.add_argument("--extra", nargs="*", default=[], help="folders of more businesses and FAQ pairs, all for training")
    p.add_argument("--public", nargs="*", default=[], help="public sets (.jsonl)")
    p.add_argument("--public-share", type=float, default=1.0, help="share of them in each epoch")
    p.add_argument("--own-times", type=int, default=1, help="own data this often in each epoch")
    p.add_argument("--faq-times", type=int, default=1, help="approved answers this often beside the businesses")
    p.add_argument("--from", dest="start", help="a trained reader to go on from")
    p.add_argument("--out", required=True, help="folder for checkpoints and the log")
    p.add_argument("--lr", type=float, default=1e-4)
    p.add_argument("--frozen", type=int, default=2, help="lowest layers that stay as they are")
    p.add_argument("--tokens", type=int, default=4000, help="tokens of a batch, padding counted")
    p.add_argument("--steps", type=int, default=10_000, help="length of the schedule")
    p.add_argument("--minutes", type=float, help="length of the schedule in time, if that comes first")
    p.add_argument("--warmup", type=int, default=300)
    p.add_argument("--longest", type=int, default=240, help="tokens of a pair")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


def stream(a, training, encoder, skip):
    """Batches of whole groups of similar length, epoch after epoch; the first `skip` are not made."""
    made = 0
    for epoch in range(1_000_000):
        seed = a.seed * 1000 + epoch
        rng = random.Random(seed)
        groups = [g for k in range(a.own_times) for g in training.own(seed + 500 * k)]
        groups += [g for g in training.foreign(seed) if rng.random() < a.public_share]
        rng.shuffle(groups)
        for k in range(0, len(groups), 512):
            pool = sorted(groups[k : k + 512], key=lambda g: max(len(p["text"]) for p in g["passages"]))
            batches, current, width, count = [], [], 0, 0
            for group in pool:
                some = [
                    encoder.pair(group["q"], p["head"], p["text"], p["spans"], a.longest)
                    for p in group["passages"]
                ]
                # A right passage whose answer was cut off would teach that it has none.
                some = [e for e, p in zip(some, group["passages"]) if e[1] or not p["spans"]]
                if not some:
                    continue
                longest = max(len(e[0]) for e in some)
                if current and max(width, longest) * (count + len(some)) > a.tokens:
                    batches.append(current)
                    current, width, count = [], 0, 0
                current.append(some)
                width, count = max(width, longest), count + len(some)
            if current:
                batches.append(current)
            rng.shuffle(batches)
            for batch in batches:
                made += 1
                if made > skip:
                    yield epoch, batch


def main():
    a = arguments()
    os.makedirs(a.out, exist_ok=True)
    try:
        os.nice(10)
    except OSError:
        pass
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    encoder = Encoder(os.path.join(a.base, "tokenizer.json"))
    training = pairs.Training(a.data, os.path.join(a.data, "split.json"), a.extra, a.public, a.faq_times)
    model = network.load(os.path.join(a.base, "model.npz"), a.start)
    model.freeze(a.frozen)
    # The optimizer keeps the weights in single precision; the network computes with halves where that is fast.
    kept = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    if FAST:
        model.halve()
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(kept.values(), lr=a.lr, weight_decay=0.01, fused=True)
    checkpoint = os.path.join(a.out, "checkpoint.pt")
    step = seen = seconds = 0
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint, weights_only=True)
        for name, weight in saved["weights"].items():
            kept[name].copy_(weight)
        with torch.no_grad():
            torch._foreach_copy_(learned, list(kept.values()))
        optimizer.load_state_dict(saved["optimizer"])
        step, seen, seconds = saved["step"], saved["seen"], saved["seconds"]
    with open(os.path.join(a.out, "run.json"), "w", encoding="utf8") as file:
        json.dump({**vars(a), "torch": torch.__version__, "python": sys.version, "bf16": FAST}, file, indent=1)
    from safetensors.torch import save_file

    def keep():
        save_file(network.trained_weights(model, kept), os.path.join(a.out, "reader.safetensors"))
        torch.save({"weights": kept, "optimizer": optimizer.state_dict(), "step": step, "seen": seen,
                    "seconds": seconds + time.time() - began}, checkpoint + ".new")  # fmt: skip
        os.replace(checkpoint + ".new", checkpoint)

    model.train()
    running, began, here = None, time.time(), 0
    log = open(os.path.join(a.out, "log.jsonl"), "a", encoding="utf8")
    for epoch, batch in stream(a, training, encoder, step):
        done = step / a.steps
        if a.minutes:
            done = max(done, (seconds + time.time() - began) / (60 * a.minutes))
        if done >= 1:
            break
        rate = a.lr * min(1, (step + 1) / a.warmup) * max(0.02, 1 - done)
        for group in optimizer.param_groups:
            group["lr"] = rate
        flat = [e for g in batch for e in g]
        bounds, at = [], 0
        for g in batch:
            bounds.append((at, at + len(g)))
            at += len(g)
        ids, mask, allowed, starts, ends = collated(flat)
        s, e = model(ids, mask)
        alone = (span_loss(s, allowed, starts) + span_loss(e, allowed, ends)).mean() / 2
        together = (group_loss(s, allowed, starts, bounds) + group_loss(e, allowed, ends, bounds)).mean() / 2
        loss = (alone + together) / 2
        loss.backward()
        for whole, half in zip(kept.values(), learned):
            whole.grad, half.grad = half.grad.float(), None
        torch.nn.utils.clip_grad_norm_(kept.values(), 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_copy_(learned, list(kept.values()))
        step, seen, here = step + 1, seen + len(flat), here + len(flat)
        running = loss.item() if running is None else running * 0.99 + loss.item() * 0.01
        if step % 50 == 0:
            spent = time.time() - began
            line = {"step": step, "epoch": epoch, "loss": round(running, 4), "pairs": seen,
                    "pairs_per_second": round(here / spent, 1), "minutes": round((seconds + spent) / 60, 1)}  # fmt: skip
            print(json.dumps(line), flush=True)
            log.write(json.dumps(line) + "\n")
            log.flush()
        if step % 250 == 0:
            keep()
    keep()


if __name__ == "__main__":
    main()
