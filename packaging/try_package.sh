#!/usr/bin/env bash
# Installs the finished packages in bare systems and asks them a question: packaging/try_package.sh --help
#
# Each package gets a root of its own, made by debootstrap, without a compiler and without a network, entered with
# its own processes, mounts and interfaces. What is done inside is in packaging/try/inside.sh.
set -Eeuo pipefail

REPO=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
# shellcheck source=packaging/install/common.sh
source "$REPO/packaging/install/common.sh"

usage() {
  cat <<'USAGE'
Tries the packages that packaging/release.sh made, each in a bare root. Needs root and debootstrap; for an image skopeo and umoci.

  packaging/try_package.sh [OPTIONS]

Options
  --dist DIR      where the packages are   [dist]
  --models DIR    folder of the models; the roots see it read-only   [FRONTDESK_MODELS_DIR, ~/.cache/frontdesk/models]
  --suite NAME    the system: bookworm, trixie, jammy, noble   [bookworm, the oldest Debian]
  --mirror URL    where debootstrap fetches it   [this machine's own]
  --record FILE   keep what was done and said   [DIST/try-SUITE.txt]
  --help          this text

Environment
  FRONTDESK_CACHE   where the bare roots are kept for the next time   [~/.cache/frontdesk]
USAGE
}

DIST='' SUITE=bookworm MIRROR='' RECORD=''
CACHE=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
MODELS=${FRONTDESK_MODELS_DIR:-$CACHE/models}

parse_options() {
  while (($#)); do
    case $1 in
      --dist | --models | --suite | --mirror | --record)
        if (($# < 2)) || [[ -z $2 ]]; then fail "$1 needs a value." "See packaging/try_package.sh --help"; fi
        case $1 in
          --dist) DIST=$(absolute_path "$2") ;;
          --models) MODELS=$(absolute_path "$2") ;;
          --suite) SUITE=$2 ;;
          --mirror) MIRROR=$2 ;;
          --record) RECORD=$(absolute_path "$2") ;;
        esac
        shift
        ;;
      --help | -h) usage; exit 0 ;;
      *) fail "There is no option \"$1\"." "See packaging/try_package.sh --help" ;;
    esac
    shift
  done
  DIST=${DIST:-$REPO/dist}
  RECORD=${RECORD:-$DIST/try-$SUITE.txt}
}

require_all() {
  is_root || fail "Only root can enter another root." "Run it as root or with sudo."
  local each
  for each in debootstrap unshare chroot ip; do
    has "$each" || fail "The command \"$each\" is missing." "On Debian:  apt-get install debootstrap util-linux iproute2"
  done
  DEB=$(one_file '*.deb')
  TARBALL=$(one_file 'frontdesk-*.tar.gz')
  IMAGE=$(compgen -G "$DIST/*.oci.tar" || true)
  [[ -d $MODELS ]] || fail "There are no models in $MODELS." "Fetch them (frontdesk models get --starter lite), or name their folder."
}

one_file() { # PATTERN
  local found
  found=$(compgen -G "$DIST/$1" || true)
  [[ -n $found && $found != *$'\n'* ]] || fail "$DIST has not exactly one $1." "Make the packages first: packaging/release.sh"
  printf '%s' "$found"
}

# The bare system, made once.
make_base() {
  BASE=$CACHE/roots/$SUITE
  if [[ -e $BASE/complete ]]; then return; fi
  heading "A bare $SUITE"
  # The first archive that this machine itself installs from.
  # shellcheck disable=SC2016
  local from=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)}
  rm -rf --one-file-system -- "$BASE"
  mkdir -p -- "$BASE"
  debootstrap --variant=minbase "$SUITE" "$BASE/root" "$from" >"$BASE/log" 2>&1 ||
    fail "debootstrap could not make $SUITE." "Its last words: $(tail -n 3 "$BASE/log")" \
      "If the archive is not reached from here, name another with --mirror."
  touch "$BASE/complete"
}

# try_in_root deb|tarball FILE: everything that is done with one package, in a root of its own.
try_in_root() {
  local root=$PLACE/$1
  cp -a --reflink=auto -- "$BASE/root" "$root"
  mkdir -p "$root/try"
  cp -- "$2" "$REPO/packaging/try/inside.sh" "$REPO/assets/demo/prices.csv" "$root/try/"
  # Mounts, interfaces, processes, name and shared memory of its own; all end with it.
  unshare --mount --net --pid --uts --ipc --fork -- \
    bash "$REPO/packaging/try/enter.sh" "$root" "$MODELS" "$1" "/try/${2##*/}"
}

# An engine would unpack it the same way.
try_image() { # FILE
  if ! has skopeo || ! has umoci; then
    say "Left out: skopeo and umoci, which unpack it, are not there."
    return
  fi
  skopeo copy --quiet "oci-archive:$1" "oci:$PLACE/image:try"
  umoci --log=error unpack --image "$PLACE/image:try" "$PLACE/bundle"
  unshare --mount --net --pid --uts --ipc --fork -- \
    bash "$REPO/packaging/try/enter.sh" "$PLACE/bundle/rootfs" "$MODELS" image "$PLACE/bundle/config.json"
}

main() {
  parse_options "$@"
  require_all
  make_base
  # Here, as what begins in a pipe is not removed at the end.
  temporary_folder
  PLACE=$FOLDER
  {
    heading "$(basename -- "$DEB") in a bare $SUITE"
    try_in_root deb "$DEB"
    heading "$(basename -- "$TARBALL") in a bare $SUITE"
    try_in_root tarball "$TARBALL"
    if [[ -n $IMAGE ]]; then
      heading "$(basename -- "$IMAGE")"
      try_image "$IMAGE"
    fi
  } 2>&1 | tee -- "$RECORD"
  say "Kept as $RECORD"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
