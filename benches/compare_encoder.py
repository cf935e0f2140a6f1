#!/usr/bin/env python3
"""The reader's network in onnxruntime, as float32 and with dynamic int8, beside `cargo bench --bench encoder`.

compare_encoder.py FRONTDESK_REPO BASE_FOLDER READER.safetensors [THREADS]   (BASE_FOLDER: `models/reader/unpack.py`)

Needs torch, numpy, safetensors, onnx, onnxscript and onnxruntime. Prints one JSON line per measurement: median ms of 15 runs.
"""

import json
import os
import statistics
import sys
import tempfile
import time


def main():
    repository, base, weights = sys.argv[1:4]
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    sys.path.insert(0, os.path.join(repository, "models/reader"))
    import network
    import onnxruntime
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    torch.set_num_threads(threads)
    model = network.load(os.path.join(base, "model.npz"), weights).eval()
    # The table is looked up in either engine; without it the file is small and only the layers are timed.
    model.word = torch.nn.Embedding(1000, network.WIDTH)
    sizes = [(8, 112), (8, 225), (1, 112)]
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        plain, whole = os.path.join(folder, "plain.onnx"), os.path.join(folder, "int8.onnx")
        ids, mask = torch.randint(5, 999, (8, 112)), torch.ones(8, 112)
        torch.onnx.export(
            model, (ids, mask), plain, input_names=["ids", "mask"], output_names=["starts", "ends"],
            dynamic_axes={"ids": {0: "batch", 1: "length"}, "mask": {0: "batch", 1: "length"}}, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(plain, whole, weight_type=QuantType.QInt8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        for name, path in (("float32", plain), ("int8", whole)):
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            for batch, length in sizes:
                inputs = {"ids": torch.randint(5, 999, (batch, length)).numpy(), "mask": torch.ones(batch, length).numpy()}
                spent = []
                for _ in range(16):
                    began = time.perf_counter()
                    session.run(None, inputs)
                    spent.append((time.perf_counter() - began) * 1000)
                print(json.dumps({"engine": f"onnxruntime {onnxruntime.__version__} {name}", "threads": threads,
                                  "pairs": batch, "tokens": length, "ms": round(statistics.median(spent[1:]), 1)}), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
