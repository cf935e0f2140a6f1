# shellcheck shell=bash
# The package for every Linux with glibc, with an installer that builds nothing. Sourced by release.sh.

make_tarball() {
  heading "The tarball"
  local name=frontdesk-$VERSION-${CPU/x86-64/x86_64}
  local root=$WORK/tarball/$name
  fill_prefix "$root" site-functions
  install -m 755 "$REPO/packaging/package/install.sh" "$root/install.sh"
  # The installer of the source folder and this one set the service up by the same functions.
  local each
  for each in common service https; do
    install -D -m 644 "$REPO/packaging/install/$each.sh" "$root/packaging/install/$each.sh"
  done
  install -m 644 "$REPO/packaging/frontdesk.service" "$root/packaging/frontdesk.service"
  printf '%s\n' "VERSION='$VERSION'" "CPU='$CPU'" "CPU_FLAGS='$CPU_FLAGS'" "GLIBC='$OLDEST_GLIBC'" \
    >"$root/packaging/package.env"
  install -m 644 "$REPO"/{LICENSE,README.md,CHANGELOG.md} "$WORK/build-info" "$root/"
  install -m 644 "$WORK/licences.txt" "$root/THIRD-PARTY-LICENCES.txt"
  install -m 644 "$WORK/sbom.json" "$root/sbom.cdx.json"
  (cd -- "$root" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$WORK/tarball-sums"
  install -m 644 "$WORK/tarball-sums" "$root/SHA256SUMS"
  set_times "$root"
  tar --create --directory "$WORK/tarball" --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
    --owner=0 --group=0 --numeric-owner "$name" | gzip -n -9 >"$OUT/$name.tar.gz"
}
