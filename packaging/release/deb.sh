# shellcheck shell=bash
# The package for Debian and Ubuntu. Sourced by release.sh.

make_deb() {
  heading "The .deb"
  local root=$WORK/deb doc=$WORK/deb/usr/share/doc/frontdesk
  DEB_VERSION=$VERSION-1
  MAINTAINER="${DEBFULLNAME:-Frontdesk} <${DEBEMAIL:-frontdesk@localhost}>"
  fill_prefix "$root/usr" vendor-completions
  install -D -m 644 "$REPO/packaging/package/frontdesk.toml" "$root/etc/frontdesk/frontdesk.toml"
  install -d "$root/usr/lib/systemd/system" "$doc" "$root/DEBIAN"
  unit_text >"$root/usr/lib/systemd/system/frontdesk.service"
  print_copyright >"$doc/copyright"
  gzip -n -9 <"$REPO/CHANGELOG.md" >"$doc/changelog.gz"
  print_debian_changelog | gzip -n -9 >"$doc/changelog.Debian.gz"
  gzip -n -9 <"$WORK/licences.txt" >"$doc/THIRD-PARTY-LICENCES.txt.gz"
  gzip -n -9 <"$WORK/sbom.json" >"$doc/sbom.cdx.json.gz"
  install -m 644 "$WORK/build-info" "$doc/build-info"
  write_control "$root"
  set_times "$root"
  # With several threads xz makes other bytes.
  DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$root" "$OUT/frontdesk_${DEB_VERSION}_amd64.deb"
}

write_control() { # ROOT
  local root=$1 name
  for name in preinst postinst prerm postrm; do
    sed -e "s/@CPU@/$CPU/g" -e "s/@CPU_FLAGS@/$CPU_FLAGS/g" "$REPO/packaging/package/$name" >"$root/DEBIAN/$name"
    chmod 755 "$root/DEBIAN/$name"
  done
  echo /etc/frontdesk/frontdesk.toml >"$root/DEBIAN/conffiles"
  (cd -- "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  cat >"$root/DEBIAN/control" <<CONTROL
Package: frontdesk
Version: $DEB_VERSION
Architecture: amd64
Maintainer: $MAINTAINER
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
Depends: $(print_libraries), passwd
Suggests: libasound2 | libasound2t64, python3-pip
Section: net
Priority: optional
Description: AI front desk that runs on a business's own machine
 Frontdesk answers visitors from a business's own documents, web pages and
 standard answers, in writing and aloud, and shows the sentence that each
 answer rests on. Language model, speech recognition and voice run on this
 machine; no question, document or recording leaves it.
 .
 This package runs it as a service. It is built for $CPU processors. The models
 are not part of it: "frontdesk models get" fetches them.
CONTROL
}

# The libraries that the program is linked to, with the versions that its symbols ask for.
print_libraries() {
  mkdir -p "$WORK/shlibs/debian"
  touch "$WORK/shlibs/debian/control"
  (cd -- "$WORK/shlibs" && dpkg-shlibdeps -O "$WORK/frontdesk") | sed -n 's/^shlibs:Depends=//p'
}

print_copyright() {
  cat <<'COPYRIGHT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Frontdesk
Comment: The program contains libraries under licences of their own. Each is
 named with its text in THIRD-PARTY-LICENCES.txt.gz beside this file.

Files: *
Copyright: the authors of Frontdesk
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.
COPYRIGHT
}

print_debian_changelog() {
  cat <<CHANGELOG
frontdesk ($DEB_VERSION) unstable; urgency=medium

  * Packaged from commit $COMMIT. What changed is in changelog.gz.

 -- $MAINTAINER  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
}
