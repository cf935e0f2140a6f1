"""Makes the file that Frontdesk reads: layers in whole numbers of 7 bits with a scale per output.

export.py --reader reader.safetensors --base-file e5-small-q4.bin --out frontdesk-reader.safetensors
"""

import argparse
import hashlib

import torch
from safetensors.torch import load_file, save_file

# 7 bits: with 8 the AVX2 instruction for such products can saturate (native/encoder/src/network.rs).
LARGEST = 63


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--reader", required=True)
    p.add_argument("--base-file", required=True, help="the packed embedding model, for its hash")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    with open(a.base_file, "rb") as file:
        base = hashlib.sha256(file.read()).hexdigest()
    out = {}
    for name, value in load_file(a.reader).items():
        value = value.float()
        if name.startswith("layers.") and value.ndim == 2:
            scale = value.abs().amax(1).clamp(min=1e-12) / LARGEST
            rounded = (value / scale[:, None]).round().clamp(-LARGEST, LARGEST)
            out[name] = rounded.to(torch.int8).contiguous()
            out[name.removesuffix("weight") + "scale"] = scale.contiguous()
        else:
            out[name] = value.contiguous()
    save_file(out, a.out, {"format": "frontdesk-reader-1", "base": base})
    with open(a.out, "rb") as file:
        data = file.read()
    print(len(data), hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    main()
