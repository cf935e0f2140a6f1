"""Writes an OCI image as one file, which podman, docker and skopeo load: layers from folders, no engine needed.

The format is the OCI image specification 1.0 (image layout, manifest, configuration). The same folders give the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import json
import tarfile
from datetime import datetime, timezone
from pathlib import Path

# Who runs in the image; no name of the machine outside.
OWNER = 10001
DATA = "data"


def main():
    options = read_options()
    moment = datetime.fromtimestamp(options.epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    blobs = {}
    layers = [make_layer(folder, options.epoch) for folder in options.layer]
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": put_json(blobs, make_config(options, moment, layers), "application/vnd.oci.image.config.v1+json"),
        "layers": [
            put(blobs, gzip.compress(layer, 9, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip") for layer in layers
        ],
    }
    listed = put_json(blobs, manifest, manifest["mediaType"])
    listed["annotations"] = {"org.opencontainers.image.ref.name": options.version}
    files = {
        "oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
        "index.json": json.dumps({"schemaVersion": 2, "manifests": [listed]}).encode(),
    }
    files |= {f"blobs/sha256/{digest}": blob for digest, blob in sorted(blobs.items())}
    with tarfile.open(options.out, "w", format=tarfile.PAX_FORMAT) as image:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), options.epoch
            image.addfile(info, io.BytesIO(content))


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--layer", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    return parser.parse_args()


def make_layer(folder, epoch):
    """The uncompressed tar of a folder: in order, of one moment, of root but for the data."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            info = layer.gettarinfo(path, name)
            owner = OWNER if name == DATA else 0
            info.uid = info.gid = owner
            info.uname = info.gname = ""
            info.mtime = epoch
            if info.isreg():
                with path.open("rb") as content:
                    layer.addfile(info, content)
            else:
                layer.addfile(info)
    return buffer.getvalue()


def make_config(options, moment, layers):
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": moment,
        "config": {
            "User": f"{OWNER}:{OWNER}",
            "Entrypoint": ["/usr/bin/frontdesk"],
            "Cmd": ["serve"],
            "WorkingDir": f"/{DATA}",
            "Volumes": {f"/{DATA}": {}},
            "ExposedPorts": {"8080/tcp": {}},
            "Env": [
                "PATH=/usr/bin",
                "LANG=C.UTF-8",
                f"HOME=/{DATA}",
                "FRONTDESK_LISTEN=0.0.0.0:8080",
                f"FRONTDESK_DATA=/{DATA}",
                f"FRONTDESK_MODELS_DIR=/{DATA}/models",
            ],
            "Labels": {
                "org.opencontainers.image.title": "Frontdesk",
                "org.opencontainers.image.version": options.version,
                "org.opencontainers.image.revision": options.commit,
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]},
        "history": [{"created": moment, "created_by": "packaging/release.sh"} for _ in layers],
    }


def put_json(blobs, value, kind):
    return put(blobs, json.dumps(value).encode(), kind)


def put(blobs, content, kind):
    digest = hashlib.sha256(content).hexdigest()
    blobs[digest] = content
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}


if __name__ == "__main__":
    main()
