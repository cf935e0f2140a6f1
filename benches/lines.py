#!/usr/bin/env python3
"""Lines of the program by room: code, tests and data, and the arrows between rooms.

    python3 benches/lines.py [COMMIT]     of the work tree, or of a commit

Code is what is compiled into the product: a file of src/ without its `#[cfg(test)] mod tests { … }` at the end. Tests are those
parts, files named *_tests.rs, tests.rs, *fixture*.rs, *fakes*.rs and tiny.rs, and the Rust of tests/. Data is what src/ holds
beside Rust, without the manifests of its crates. Blank lines count, as everywhere.
"""
import collections
import re
import subprocess
import sys

TEST_FILE = re.compile(r"(_tests|/tests|fixture\w*|fakes|tiny)\.rs$")


def files(commit):
    command = ["git", "ls-tree", "-r", "--name-only", commit] if commit else ["git", "ls-files", "-co", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in names:
        if not name.startswith(("src/", "tests/")):
            continue
        if commit:
            raw = subprocess.run(["git", "show", f"{commit}:{name}"], capture_output=True, check=True).stdout
        else:
            try:
                with open(name, "rb") as file:
                    raw = file.read()
            except FileNotFoundError:
                continue
        try:
            yield name, raw.decode()
        except UnicodeDecodeError:
            continue


def split(text):
    """Lines of code and of tests in a file."""
    at = re.search(r"^#\[cfg\(test\)\]\nmod tests \{$", text, re.M)
    lines = text.count("\n")
    tests = text[at.start():].count("\n") if at else 0
    return lines - tests, tests


def main():
    commit = sys.argv[1] if len(sys.argv) > 1 else None
    rooms = collections.defaultdict(lambda: [0, 0, 0, []])
    arrows = set()
    for name, text in files(commit):
        if name.endswith("Cargo.toml") or name.startswith("tests/") and not name.endswith(".rs"):
            continue
        if name.startswith("tests/"):
            rooms["tests/"][1] += text.count("\n")
            continue
        room = name.split("/")[1].removesuffix(".rs")
        if not name.endswith(".rs"):
            rooms[room][2] += text.count("\n")
            continue
        code, tests = (0, text.count("\n")) if TEST_FILE.search(name) else split(text)
        rooms[room][0] += code
        rooms[room][1] += tests
        if code:
            rooms[room][3].append(code)
        for other in re.findall(r"\bcrate::(\w+)", text):
            if other != room:
                arrows.add((room, other))
    known = set(rooms)
    arrows = {(a, b) for a, b in arrows if b in known}
    print(f"{'room':12} {'code':>7} {'tests':>7} {'data':>7} {'files':>6} {'median':>7}  imports")
    total = [0, 0, 0]
    every = []
    for room, (code, tests, data, sizes) in sorted(rooms.items(), key=lambda r: -r[1][0]):
        total = [a + b for a, b in zip(total, (code, tests, data))]
        every += sizes
        middle = sorted(sizes)[len(sizes) // 2] if sizes else 0
        imports = " ".join(sorted(b for a, b in arrows if a == room))
        print(f"{room:12} {code:7} {tests:7} {data:7} {len(sizes):6} {middle:7}  {imports}")
    middle = sorted(every)[len(every) // 2]
    print(f"{'all':12} {total[0]:7} {total[1]:7} {total[2]:7} {len(every):6} {middle:7}  {len(arrows)} arrows")


main()
