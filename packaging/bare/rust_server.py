#!/usr/bin/env python3
"""Serves what the Rust project's server does, on this machine alone: rustup-init with its checksum, and one toolchain.

  rust_server.py FOLDER VERSION    lays the files out in FOLDER, prints its address and serves until it is ended

Both are made from the rustup and the toolchain of this machine, so that packaging/try_bare.sh can try an installation on
a machine without Rust where the network does not reach that server. The file formats are rustup's own: a channel manifest
(version 2) and a tar file for each component (rust-installer version 3).
"""

import functools
import gzip
import hashlib
import http.server
import io
import pathlib
import shutil
import subprocess
import sys
import tarfile

COMPONENTS = ("rustc", "cargo", "rust-std")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_with_sum(path, text):
    path.write_text(text)
    path.with_name(path.name + ".sha256").write_text(f"{sha256(path)}  {path.name}\n")


def add_text(archive, name, text):
    entry = tarfile.TarInfo(name)
    entry.size = len(text.encode())
    archive.addfile(entry, io.BytesIO(text.encode()))


def pack(sysroot, component, triple, version, target):
    """Writes the tar file of an installed component, from the list of its files that rustup keeps."""
    listed = (sysroot / f"lib/rustlib/manifest-{component}-{triple}").read_text().split("\n")
    lines = [line for line in listed if line]
    top = f"{component}-{version}-{triple}"
    # Little compression: it is read once, on this machine.
    with gzip.open(target, "wb", compresslevel=1) as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
        folders = set()

        def add_folders(path):
            for folder in reversed(pathlib.PurePosixPath(path).parents):
                if str(folder) != "." and folder not in folders:
                    folders.add(folder)
                    entry = tarfile.TarInfo(str(folder))
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    archive.addfile(entry)

        add_folders(f"{top}/{component}-{triple}/manifest.in")
        add_text(archive, f"{top}/rust-installer-version", "3\n")
        add_text(archive, f"{top}/components", f"{component}-{triple}\n")
        add_text(archive, f"{top}/{component}-{triple}/manifest.in", "\n".join(lines) + "\n")
        for line in lines:
            path = line.split(":", 1)[1]
            inside = f"{top}/{component}-{triple}/{path}"
            add_folders(inside)
            archive.add(sysroot / path, inside)


def main(folder, version):
    folder = pathlib.Path(folder)
    toolchain = next(
        (
            name.split()[0]
            for name in run("rustup", "toolchain", "list").splitlines()
            if run("rustup", "run", name.split()[0], "rustc", "--version").split()[1].startswith(version)
        ),
        None,
    )
    if toolchain is None:
        sys.exit(f"There is no toolchain {version} here to serve: rustup toolchain install {version}")
    full = run("rustup", "run", toolchain, "rustc", "--version").removeprefix("rustc ")
    number = full.split()[0]
    sysroot = pathlib.Path(run("rustup", "run", toolchain, "rustc", "--print", "sysroot"))
    triple = next(
        line.removeprefix("host: ")
        for line in run("rustup", "run", toolchain, "rustc", "-vV").splitlines()
        if line.startswith("host: ")
    )

    setup = folder / "rustup/dist" / triple
    setup.mkdir(parents=True, exist_ok=True)
    # It is one program; called rustup-init it installs itself.
    shutil.copy(pathlib.Path(shutil.which("rustup")).resolve(), setup / "rustup-init")
    (setup / "rustup-init.sha256").write_text(f"{sha256(setup / 'rustup-init')} *./rustup-init\n")

    dist = folder / "dist"
    dist.mkdir(exist_ok=True)
    files = {component: dist / f"{component}-{number}-{triple}.tar.gz" for component in COMPONENTS}
    for component, file in files.items():
        if not file.exists():
            pack(sysroot, component, triple, number, file)

    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    address = f"http://127.0.0.1:{server.server_port}"
    write_with_sum(dist / f"channel-rust-{version}.toml", manifest(address, triple, full, files))
    print(address, flush=True)
    server.serve_forever()


def manifest(address, triple, version, files):
    """The list of components, where they lie and their checksums."""
    wanted = ", ".join(f'{{ pkg = "{component}", target = "{triple}" }}' for component in files)
    lines = [
        'manifest-version = "2"',
        'date = "2026-01-01"',
        "[profiles]",
        *(f"{profile} = {list(files)}" for profile in ("minimal", "default", "complete")),
        "[pkg.rust]",
        f'version = "{version}"',
        f"[pkg.rust.target.{triple}]",
        "available = true",
        # The installer of everything together, which rustup does not fetch.
        f'url = "{address}/dist/none.tar.gz"',
        f'hash = "{"0" * 64}"',
        f"components = [{wanted}]",
        "extensions = []",
    ]
    for component, file in files.items():
        lines += [
            f"[pkg.{component}]",
            f'version = "{version}"',
            f"[pkg.{component}.target.{triple}]",
            "available = true",
            f'url = "{address}/dist/{file.name}"',
            f'hash = "{sha256(file)}"',
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
