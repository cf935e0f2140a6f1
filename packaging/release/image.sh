# shellcheck shell=bash
# An OCI image: the libraries that the program is linked to, the program, and nothing else. Sourced by release.sh.

# Of this machine's own archive, so an image is the same only while its versions are.
IMAGE_LIBRARIES=(libc6 libgcc-s1 libstdc++6)

make_image() {
  heading "The image"
  has apt-get || fail "The image takes its libraries from Debian's packages, and there is no apt-get." "Leave out --image."
  local base=$WORK/image-base own=$WORK/image-own package
  mkdir -p "$WORK/libraries" "$base/usr/share/doc" "$own/data"
  # Apt's own user cannot write into this folder.
  (cd -- "$WORK/libraries" && apt-get -q -o APT::Sandbox::User=root download "${IMAGE_LIBRARIES[@]}") ||
    fail "The image's libraries could not be fetched." "Run apt-get update, then the same command again."
  for package in "$WORK"/libraries/*.deb; do
    dpkg-deb --extract "$package" "$base"
    # Where scanners for known flaws look in images without dpkg.
    mkdir -p "$base/var/lib/dpkg/status.d"
    dpkg-deb --field "$package" >"$base/var/lib/dpkg/status.d/$(dpkg-deb --field "$package" Package)"
  done
  mkdir -p "$base/etc" "$base/tmp"
  chmod 1777 "$base/tmp"
  chmod 700 "$own/data"
  printf '%s\n' root:x:0:0::/:/nologin frontdesk:x:10001:10001::/data:/nologin >"$base/etc/passwd"
  printf '%s\n' root:x:0: frontdesk:x:10001: >"$base/etc/group"
  install -D -m 755 "$WORK/frontdesk" "$own/usr/bin/frontdesk"
  install -D -m 644 "$WORK/licences.txt" "$own/usr/share/doc/frontdesk/THIRD-PARTY-LICENCES.txt"
  install -m 644 "$WORK/sbom.json" "$own/usr/share/doc/frontdesk/sbom.cdx.json"
  install -m 644 "$REPO/LICENSE" "$WORK/build-info" "$own/usr/share/doc/frontdesk/"
  python3 -I "$REPO/packaging/release/image.py" --layer "$base" --layer "$own" --version "$VERSION" --commit "$COMMIT" \
    --epoch "$SOURCE_DATE_EPOCH" --out "$OUT/frontdesk-$VERSION-${CPU/x86-64/x86_64}.oci.tar"
}
