#!/usr/bin/env bash
# Enters a bare root in namespaces that are new already: ROOT MODELS deb|tarball|image PACKAGE. Called by try_package.sh.
set -euo pipefail

ROOT=$1 MODELS=$2 KIND=$3 PACKAGE=$4
mkdir -p "$ROOT"/{proc,tmp,run,dev,models}
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
for name in null zero full random urandom; do
  touch "$ROOT/dev/$name"
  mount --bind "/dev/$name" "$ROOT/dev/$name"
done
ln -s /proc/self/fd "$ROOT/dev/fd"
mkdir -m 1777 "$ROOT/dev/shm"
mount --bind "$MODELS" "$ROOT/models"
mount -o remount,bind,ro "$ROOT/models"
# The only interface there is.
ip link set lo up
if [[ $KIND == image ]]; then
  # There is no shell in it.
  exec bash "${0%/*}/image.sh" "$ROOT" "$PACKAGE"
fi
exec chroot "$ROOT" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash /try/inside.sh "$KIND" "$PACKAGE"
