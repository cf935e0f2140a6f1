"""Puts SBOM and licences together: the crates as their tools list them, and what parts.toml says beside them.

Reads nothing but its arguments; the same commit and compiler give the same files.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path

RULE = "=" * 100


def main():
    options = read_options()
    parts = tomllib.loads(Path(__file__).with_name("parts.toml").read_text())
    crates = find_crates(options.metadata)
    natives = [describe_native(part, crates) for part in parts["native"]]
    runtimes = [describe_runtime(part) for part in parts["runtime"]]
    models = [describe_model(part, options.source) for part in parts["model"]]
    write_sbom(options, natives + runtimes + models)
    write_licences(options, natives, runtimes, models)


def read_options():
    parser = argparse.ArgumentParser()
    for name in ("source", "metadata", "crates-sbom", "crates-licences", "sbom", "licences"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    return parser.parse_args()


def find_crates(metadata):
    """Name of each crate -> its version and folder."""
    packages = json.loads(metadata.read_text())["packages"]
    return {p["name"]: (p["version"], Path(p["manifest_path"]).parent) for p in packages}


def describe_native(part, crates):
    if part["crate"] not in crates:
        sys.exit(f"parts.toml: {part['name']} is said to be in {part['crate']}, which is no dependency any more")
    crate_version, folder = crates[part["crate"]]
    rule = part["version"]
    if "crate" in rule:
        found = re.search(rule["crate"], crate_version)
    else:
        found = re.search(rule["pattern"], (folder / rule["file"]).read_text(errors="replace"))
    if not found:
        sys.exit(f"parts.toml: the version of {part['name']} was not found in {part['crate']} {crate_version}")
    texts = [(folder / text).read_text(errors="replace") for text in part["texts"]]
    version = rule.get("prefix", "") + ".".join(found.groups())
    inside = f"built from the crate {part['crate']} {crate_version}"
    return {**part, "type": "library", "version": version, "texts": texts, "description": inside}


def describe_runtime(part):
    said = subprocess.run(part["command"], check=True, capture_output=True, text=True).stdout.strip()
    version = re.search(part.get("pattern", "(.*)"), said).group(1)
    return {**part, "type": "library", "version": version, "texts": [], "description": "linked statically"}


def describe_model(part, source):
    digest = hashlib.sha256((source / part["file"]).read_bytes()).hexdigest()
    return {**part, "type": "machine-learning-model", "version": digest[:12], "texts": [], "sha256": digest}


def write_sbom(options, parts):
    sbom = json.loads(options.crates_sbom.read_text())
    moment = datetime.fromtimestamp(options.epoch, timezone.utc)
    # The tool takes a random number and the time.
    sbom["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'frontdesk:' + options.commit)}"
    sbom["metadata"]["timestamp"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    sbom["components"] = [*sbom.get("components", []), *(component(part) for part in parts)]
    text = json.dumps(sbom, indent=1, ensure_ascii=False)
    # References to crates of this workspace carry the folder they were read from.
    options.sbom.write_text(text.replace(str(options.source), "/frontdesk") + "\n")


def component(part):
    listed = {
        "type": part["type"],
        "bom-ref": f"part:{part['name']}",
        "name": part["name"],
        "version": part["version"],
        "description": part["description"],
        "licenses": [{"expression": part["licence"]}],
    }
    if "sha256" in part:
        listed["hashes"] = [{"alg": "SHA-256", "content": part["sha256"]}]
    return listed


def write_licences(options, natives, runtimes, models):
    text = ["What the program consists of beside Frontdesk's own code (Apache-2.0), and under which licences.", ""]
    for part in natives + runtimes + models:
        text += [RULE, f"{part['name']} {part['version']}, {part['licence']}", part["description"], ""]
        if "holder" in part:
            text += [f"Copyright (c) {part['holder']}; the words of the licence are those below.", ""]
        for licence in part["texts"]:
            text += [licence.rstrip(), ""]
    text.append(options.crates_licences.read_text())
    options.licences.write_text("\n".join(text))


if __name__ == "__main__":
    main()
