"""The reader's network: multilingual-e5-small (a 12-layer post-norm BERT, 384 wide) with a span head.

The embedding table is the base model's and stays as it is; layers and head are what is trained.
"""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTH, HEADS, INNER, LAYERS = 384, 12, 1536, 12
VOCABULARY, POSITIONS = 250_037, 512


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.ao = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.fi, self.fo = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.aln, self.oln = (nn.LayerNorm(WIDTH, eps=1e-12) for _ in range(2))

    def forward(self, x, mask):
        batch, length, _ = x.shape

        def heads(t):
            return t.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)

        # Not torch's fused attention, whose backward pass takes half of a step on a processor.
        scores = (heads(self.q(x)) * (WIDTH // HEADS) ** -0.5) @ heads(self.k(x)).transpose(2, 3)
        seen = scores.add_(mask).softmax(-1) @ heads(self.v(x))
        x = self.aln(x + self.ao(seen.transpose(1, 2).reshape(batch, length, WIDTH)))
        return self.oln(x + self.fo(F.gelu(self.fi(x))))


class Reader(nn.Module):
    """Token ids [batch, length] and their mask in; start and end logits [batch, length] out."""

    def __init__(self, layers=LAYERS):
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, WIDTH)
        self.pos = nn.Embedding(POSITIONS, WIDTH)
        self.kind = nn.Embedding(2, WIDTH)
        self.ln = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.span = nn.Linear(WIDTH, 2)
        self.frozen = 0

    def hidden(self, ids, mask):
        """Vectors of the tokens, [batch, length, WIDTH]."""
        precision = self.layers[0].q.weight.dtype
        # Added to the scores of padding: it gets no attention.
        added = ((1.0 - mask[:, None, None, :].float()) * -1e4).to(precision)
        with torch.no_grad():
            x = self.ln(self.word(ids) + self.pos.weight[None, : ids.shape[1]] + self.kind.weight[0])
            x = x.to(precision)
        for at, layer in enumerate(self.layers):
            with torch.set_grad_enabled(torch.is_grad_enabled() and at >= self.frozen):
                x = layer(x, added)
        return x

    def forward(self, ids, mask):
        logits = self.span(self.hidden(ids, mask).float())
        return logits[..., 0], logits[..., 1]

    def halve(self):
        """The layers' products in bfloat16; norms and head stay in single precision."""
        for layer in self.layers:
            for part in layer.children():
                if isinstance(part, nn.Linear):
                    part.bfloat16()
        return self

    def freeze(self, layers):
        """Embeddings and the lowest layers stay as they are."""
        self.frozen = layers
        still = [self.word, self.pos, self.kind, self.ln, *self.layers[:layers]]
        for part in still:
            for weight in part.parameters():
                weight.requires_grad = False


def load(base, trained=None):
    """The base (`model.npz` of `unpack.py`), and over it the layers and head of a trained reader: of
    `train.py`, or the whole numbers of `export.py`, which a training may go on from as well."""
    model = Reader()
    state = model.state_dict()
    names = {
        "emb.word": "word.weight",
        "emb.pos": "pos.weight",
        "emb.type": "kind.weight",
        "emb.ln.w": "ln.weight",
        "emb.ln.b": "ln.bias",
    }
    arrays = np.load(base)
    for key in arrays.files:
        name = names.get(key)
        if name is None:
            layer, part, what = key.split(".")
            name = f"layers.{layer[1:]}.{part}.{'weight' if what == 'w' else 'bias'}"
        state[name] = torch.tensor(arrays[key])
    model.load_state_dict(state)
    if trained:
        from safetensors.torch import load_file

        weights = {k: v.float() for k, v in load_file(trained).items()}
        for key in [k for k in weights if k.endswith(".scale")]:
            weights[key.removesuffix("scale") + "weight"] *= weights.pop(key)[:, None]
        missing = model.load_state_dict(weights, strict=False)
        assert not missing.unexpected_keys, missing.unexpected_keys
    return model


def trained_weights(model, learned):
    """What `load` puts over the base: layers and head, as float16; `learned` by name, the rest as the model has it."""
    return {
        k: learned.get(k, v).detach().half().contiguous()
        for k, v in model.state_dict().items()
        if k.startswith(("layers.", "span."))
    }


@torch.no_grad()
def mean_vectors(model, ids, batch):
    """The mean of the hidden states of each list of token ids, as a row of length 1. Lists of like length go together."""
    out = np.zeros((len(ids), WIDTH), np.float32)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for k in range(0, len(order), batch):
        chosen = order[k : k + batch]
        width = max(len(ids[i]) for i in chosen)
        tokens = torch.full((len(chosen), width), 1)
        mask = torch.zeros(len(chosen), width)
        for row, i in enumerate(chosen):
            tokens[row, : len(ids[i])] = torch.tensor(ids[i])
            mask[row, : len(ids[i])] = 1
        x = model.hidden(tokens, mask).float()
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        out[chosen] = torch.nn.functional.normalize(mean, dim=-1).numpy()
    return out
