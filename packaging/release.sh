#!/usr/bin/env bash
# Makes the finished packages from a commit: packaging/release.sh --help
#
# The steps are in packaging/release/. The same commit on the same system gives the same bytes.
set -Eeuo pipefail

REPO=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
# shellcheck source=packaging/install/common.sh
source "$REPO/packaging/install/common.sh"
# shellcheck source=packaging/install/system.sh
source "$REPO/packaging/install/system.sh"
# shellcheck source=packaging/install/rust.sh
source "$REPO/packaging/install/rust.sh"
# shellcheck source=packaging/install/service.sh
source "$REPO/packaging/install/service.sh"
# shellcheck source=packaging/install/https.sh
source "$REPO/packaging/install/https.sh"
# shellcheck source=packaging/install/checks.sh
source "$REPO/packaging/install/checks.sh"
# shellcheck source=packaging/release/build.sh
source "$REPO/packaging/release/build.sh"
# shellcheck source=packaging/release/contents.sh
source "$REPO/packaging/release/contents.sh"
# shellcheck source=packaging/release/deb.sh
source "$REPO/packaging/release/deb.sh"
# shellcheck source=packaging/release/tarball.sh
source "$REPO/packaging/release/tarball.sh"
# shellcheck source=packaging/release/image.sh
source "$REPO/packaging/release/image.sh"

usage() {
  cat <<'USAGE'
Makes Frontdesk's packages: a .deb, a tarball, SBOM, licences, checksums and their signature; an image on request.

  packaging/release.sh [OPTIONS]

Options
  --cpu NAME      the oldest processor that runs it: x86-64-v3 (2013 and later) or x86-64-v2   [x86-64-v3]
  --out DIR       where the packages go   [dist]
  --key FILE      the secret minisign key that signs the checksums; without it they are not signed
  --image         make an OCI image too, with libraries of this machine's Debian archive
  --binary FILE   package this program instead of building one; it has to fit --cpu
  --allow-dirty   package although files differ from the commit
  --help          this text

Environment
  FRONTDESK_CACHE        where the build and the tools go   [~/.cache/frontdesk]
  DEBFULLNAME, DEBEMAIL  the maintainer that the .deb names
USAGE
}

CPU=x86-64-v3 OUT='' SIGNING_KEY='' BINARY='' IMAGE=0 ALLOW_DIRTY=0
# What the shared functions ask for: a service's unit in its plain form.
# shellcheck disable=SC2034
ACTION=install STARTER=default PREFIX=/usr LISTEN='' HTTPS='' LOW_PORTS=1 DATA='' START=0 YES=1

parse_options() {
  while (($#)); do
    case $1 in
      --cpu | --out | --key | --binary)
        if (($# < 2)) || [[ -z $2 ]]; then fail "$1 needs a value." "See packaging/release.sh --help"; fi
        case $1 in
          --cpu) CPU=$2 ;;
          --out) OUT=$(absolute_path "$2") ;;
          --key) SIGNING_KEY=$(absolute_path "$2") ;;
          --binary) BINARY=$(absolute_path "$2") ;;
        esac
        shift
        ;;
      --image) IMAGE=1 ;;
      --allow-dirty) ALLOW_DIRTY=1 ;;
      --help | -h) usage; exit 0 ;;
      *) fail "There is no option \"$1\"." "See packaging/release.sh --help" ;;
    esac
    shift
  done
  OUT=${OUT:-$REPO/dist}
  choose_cpu
  [[ -z $SIGNING_KEY || -r $SIGNING_KEY ]] || fail "The key $SIGNING_KEY cannot be read." "Name a secret key of minisign."
  [[ -z $BINARY || -x $BINARY ]] || fail "$BINARY is no program." "Name one that was built from this commit."
}

# What /proc/cpuinfo calls the instructions of each level (x86-64 psABI, "Microarchitecture levels").
choose_cpu() {
  local level2='cx16 lahf_lm popcnt pni ssse3 sse4_1 sse4_2'
  case $CPU in
    x86-64-v2) CPU_FLAGS=$level2 ;;
    x86-64-v3) CPU_FLAGS="$level2 avx avx2 bmi1 bmi2 f16c fma abm movbe xsave" ;;
    *) fail "There are no packages for \"$CPU\"." "Choose x86-64-v3 or x86-64-v2." ;;
  esac
}

require_tools() {
  local missing=() each
  for each in git dpkg-deb dpkg-shlibdeps objdump strip python3 tar gzip sha256sum; do
    if ! has "$each"; then missing+=("$each"); fi
  done
  ((${#missing[@]} == 0)) || fail "These commands are missing: ${missing[*]}" \
    "On Debian:  apt-get install git dpkg-dev binutils python3"
  python3 -c 'import tomllib' 2>/dev/null || fail "Python 3.11 or newer is needed to list the parts." "Package on Debian 12 or newer."
  [[ $(uname -m) == x86_64 ]] || fail "Packages are made on a 64-bit x86 machine; this is \"$(uname -m)\"."
  find_rust
  [[ -n $RUST_FOUND ]] || fail "There is no cargo." "Run ./install.sh once, or install Rust."
}

# Sets VERSION, COMMIT and SOURCE_DATE_EPOCH, the moment that every file of the packages bears.
look_at_commit() {
  VERSION=$(awk -F'"' '/^version/ { print $2; exit }' "$REPO/Cargo.toml")
  COMMIT=$(git -C "$REPO" rev-parse HEAD) || fail "$REPO is no clone of the repository." "Packages are made from a commit."
  SOURCE_DATE_EPOCH=$(git -C "$REPO" log -1 --format=%ct)
  export SOURCE_DATE_EPOCH
  local changed
  changed=$(git -C "$REPO" status --porcelain)
  if [[ -z $changed ]]; then return; fi
  ((ALLOW_DIRTY)) || fail "These files differ from the commit, so nobody could make the same packages again:" \
    "$changed" "Commit or remove them, or try things out with --allow-dirty."
  warn "Files differ from the commit: these packages are for trying out."
  COMMIT+=-dirty
}

sign_checksums() {
  local sums=$OUT/SHA256SUMS comment="frontdesk $VERSION $COMMIT"
  rm -f -- "$sums.minisig"
  if [[ -z $SIGNING_KEY ]]; then
    warn "The checksums are not signed. Make a key once (minisign -G), and name it with --key."
  elif has minisign; then
    minisign -S -s "$SIGNING_KEY" -m "$sums" -x "$sums.minisig" -t "$comment" >/dev/null ||
      fail "minisign could not sign the checksums." "Is $SIGNING_KEY a secret key of minisign, and its password right?"
  elif has rsign; then
    rsign sign -s "$SIGNING_KEY" -x "$sums.minisig" -t "$comment" "$sums" >/dev/null ||
      fail "rsign could not sign the checksums." "Is $SIGNING_KEY a secret key of minisign, and its password right?"
  else
    fail "Neither minisign nor rsign is there to sign." "apt-get install minisign, or cargo install rsign2"
  fi
}

write_checksums() {
  (cd -- "$OUT" && sha256sum -- frontdesk[_-]* THIRD-PARTY-LICENCES.txt >SHA256SUMS)
}

main() {
  umask 022
  export LC_ALL=C.UTF-8 TZ=UTC
  parse_options "$@"
  require_tools
  look_at_commit
  temporary_folder
  WORK=$FOLDER
  export PATH=$CACHE/tools/bin:$PATH
  say "Frontdesk $VERSION, commit $COMMIT, for $CPU, into $OUT"
  if [[ -z $BINARY ]]; then build_program; fi
  gather_contents
  mkdir -p -- "$OUT"
  rm -f -- "$OUT"/frontdesk[_-]*.{deb,tar.gz,oci.tar,cdx.json} "$OUT"/{THIRD-PARTY-LICENCES.txt,SHA256SUMS,SHA256SUMS.minisig}
  make_deb
  make_tarball
  if ((IMAGE)); then make_image; fi
  install -m 644 "$WORK/sbom.json" "$OUT/frontdesk-$VERSION.cdx.json"
  install -m 644 "$WORK/licences.txt" "$OUT/THIRD-PARTY-LICENCES.txt"
  write_checksums
  sign_checksums
  heading "Done"
  (cd -- "$OUT" && ls -l -- *)
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
