#!/usr/bin/env bash
# Runs the service under a systemd of its own: packaging/try_service.sh --help
#
# What is done inside is in packaging/try/service_inside.sh.
set -Eeuo pipefail

REPO=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
# shellcheck source=packaging/install/common.sh
source "$REPO/packaging/install/common.sh"

usage() {
  cat <<'USAGE'
Boots a Debian in a container, installs the .deb in it, and tries the service: does it start, answer, come back after a
crash, and stop? Needs root, debootstrap and systemd-nspawn (package systemd-container). The container has no network.

  packaging/try_service.sh [OPTIONS]

Options
  --deb FILE      the package   [the one in dist]
  --binary FILE   instead of a package: this program, with the unit and the scripts as they are here
  --models DIR    folder of the models; the container sees it read-only   [FRONTDESK_MODELS_DIR, ~/.cache/frontdesk/models]
  --suite NAME    the system: bookworm, trixie   [bookworm]
  --mirror URL    where debootstrap fetches it   [this machine's own]
  --record FILE   keep what was done and said   [dist/try-service.txt]
  --help          this text

Environment
  FRONTDESK_CACHE   where the system is kept for the next time   [~/.cache/frontdesk]
USAGE
}

DEB='' BINARY='' SUITE=bookworm MIRROR='' RECORD=''
CACHE=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
MODELS=${FRONTDESK_MODELS_DIR:-$CACHE/models}

parse_options() {
  while (($#)); do
    case $1 in
      --deb | --binary | --models | --suite | --mirror | --record)
        if (($# < 2)) || [[ -z $2 ]]; then fail "$1 needs a value." "See packaging/try_service.sh --help"; fi
        case $1 in
          --deb) DEB=$(absolute_path "$2") ;;
          --binary) BINARY=$(absolute_path "$2") ;;
          --models) MODELS=$(absolute_path "$2") ;;
          --suite) SUITE=$2 ;;
          --mirror) MIRROR=$2 ;;
          --record) RECORD=$(absolute_path "$2") ;;
        esac
        shift
        ;;
      --help | -h) usage; exit 0 ;;
      *) fail "There is no option \"$1\"." "See packaging/try_service.sh --help" ;;
    esac
    shift
  done
  : "${RECORD:=$REPO/dist/try-service.txt}"
}

require_all() {
  [[ $(id -u) == 0 ]] || fail "Only root can make and boot a system." "sudo packaging/try_service.sh"
  local each
  for each in debootstrap systemd-nspawn; do
    has "$each" || fail "The command \"$each\" is missing." "On Debian:  apt-get install debootstrap systemd-container"
  done
  [[ -d $MODELS ]] || fail "There are no models in $MODELS." "Fetch them (frontdesk models get --starter lite), or name their folder."
  if [[ -n $BINARY ]]; then return; fi
  : "${DEB:=$(compgen -G "$REPO/dist/*.deb" | head -n 1 || true)}"
  [[ -s $DEB ]] || fail "There is no package." "Make one first (packaging/release.sh), or name one with --deb."
}

# A system with systemd, made once.
make_base() {
  BASE=$CACHE/roots/$SUITE-systemd
  if [[ -e $BASE/complete ]]; then return; fi
  heading "A $SUITE with systemd"
  # shellcheck disable=SC2016 # apt's own variable
  local from=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)}
  rm -rf --one-file-system -- "$BASE"
  mkdir -p -- "$BASE"
  # libgomp1 is what the package depends on beside what every system has.
  debootstrap --variant=minbase --include=systemd-sysv,dbus,curl,init-system-helpers,libgomp1,libstdc++6 "$SUITE" "$BASE/root" "$from" \
    >"$BASE/log" 2>&1 || fail "debootstrap could not make $SUITE." "Its last words: $(tail -n 3 "$BASE/log")"
  touch "$BASE/complete"
}

# Puts program, unit and scripts where the package puts them.
copy_program() { # ROOT
  install -D -m 755 -- "$BINARY" "$1/usr/bin/frontdesk"
  # What the unit's text asks for.
  # shellcheck disable=SC2034
  PREFIX=/usr LISTEN='' HTTPS='' LOW_PORTS=1 DATA=''
  # shellcheck source=packaging/install/service.sh
  source "$REPO/packaging/install/service.sh"
  # shellcheck source=packaging/install/https.sh
  source "$REPO/packaging/install/https.sh"
  unit_text >"$1/usr/lib/systemd/system/frontdesk.service"
  install -D -m 644 -- "$REPO/packaging/package/frontdesk.toml" "$1/etc/frontdesk/frontdesk.toml"
  install -m 755 -- "$REPO/packaging/package/postinst" "$1/try/postinst"
}

boot() { # ROOT
  local unit=$1/etc/systemd/system
  printf '[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/bin/bash /try/service_inside.sh\nExecStopPost=/bin/systemctl poweroff\n' >"$unit/try.service"
  mkdir -p "$unit/multi-user.target.wants"
  ln -s /etc/systemd/system/try.service "$unit/multi-user.target.wants/try.service"
  timeout 600 systemd-nspawn --quiet --directory "$1" --boot --register=no --keep-unit --private-network \
    --bind-ro="$MODELS:/models" >"$1/try/boot.txt" 2>&1 </dev/null || true
}

main() {
  parse_options "$@"
  require_all
  make_base
  temporary_folder
  local root=$FOLDER/root
  cp -a --reflink=auto -- "$BASE/root" "$root"
  mkdir -p "$root/try" "$(dirname -- "$RECORD")"
  cp -- "$REPO/packaging/try/service_inside.sh" "$REPO/assets/demo/prices.csv" "$root/try/"
  if [[ -n $BINARY ]]; then copy_program "$root"; else cp -- "$DEB" "$root/try/frontdesk.deb"; fi
  heading "The service under systemd in $SUITE"
  boot "$root"
  if [[ ! -s $root/try/said.txt ]]; then
    fail "The system did not come up." "Its last words: $(tail -n 3 "$root/try/boot.txt")"
  fi
  tee -- "$RECORD" <"$root/try/said.txt"
  grep -q '^Everything held.$' "$RECORD" || fail "Something did not hold; see above."
  say "Kept as $RECORD"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
