"""Packs the pronouncing dictionary of US English for the program: pack.py CRATE us-english.zlib

CRATE is the folder of the crate misaki-rs, unpacked; its dictionary comes from misaki (Apache-2.0). A test of
src/speech/spoken/dictionary.rs holds the result against the crate.
"""

import json
import sys
import zlib
from pathlib import Path


def main() -> None:
    data = Path(sys.argv[1]) / "data"
    tables = {name: json.loads((data / f"us_{name}.json").read_text()) for name in ("gold", "silver")}
    text = json.dumps(tables, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    packed = zlib.compress(text.encode(), 9)
    Path(sys.argv[2]).write_bytes(packed)
    print(f"{len(text.encode())} bytes, packed {len(packed)}")


main()
