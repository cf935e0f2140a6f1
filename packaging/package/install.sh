#!/usr/bin/env bash
# Installs the packaged Frontdesk. Builds nothing, fetches nothing but the models: ./install.sh --help
set -Eeuo pipefail

REPO=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# Read from here; the tests point this at another file.
: "${CPUINFO:=/proc/cpuinfo}"
# shellcheck source=packaging/install/common.sh
source "$REPO/packaging/install/common.sh"
# shellcheck source=packaging/install/service.sh
source "$REPO/packaging/install/service.sh"
# shellcheck source=packaging/install/https.sh
source "$REPO/packaging/install/https.sh"

usage() {
  cat <<'USAGE'
Installs Frontdesk from this folder

  ./install.sh [OPTIONS]

Options
  --prefix DIR    put the program into DIR/bin, its pages into DIR/share   [~/.local; /usr/local as root or with --service]
  --models SET    fetch these models: default, small (less memory), lite (no chat model), none   [default]
  --service       run as a service of this machine (systemd), from now on and after a restart
  --listen ADDR   the service serves on ADDR, such as 127.0.0.1:8080
  --https NAME    the service serves HTTPS under this name, such as desk.example.com, with a certificate that comes
                  by itself; several separated by commas
  --data DIR      the service keeps the business's data in DIR
  --no-start      set the service up and do not start it
  --dry-run       check everything, say what would be done, and stop
  --help          this text

Run it again at any time, with a newer package too: data and settings are kept.
USAGE
}

# Some are read by the functions that set the service up.
# shellcheck disable=SC2034
PREFIX='' STARTER=default SERVICE=0 LISTEN='' HTTPS='' DATA='' START=1 DRY_RUN=0 \
  CACHE=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}

parse_options() {
  while (($#)); do
    case $1 in
      --service) SERVICE=1 ;;
      --no-start) START=0 ;;
      --dry-run) DRY_RUN=1 ;;
      --prefix | --models | --listen | --https | --data)
        if (($# < 2)) || [[ -z $2 ]]; then fail "$1 needs a value." "See ./install.sh --help"; fi
        set_option "$1" "$2"
        shift
        ;;
      --help | -h) usage; exit 0 ;;
      *) fail "There is no option \"$1\"." "See ./install.sh --help" ;;
    esac
    shift
  done
  if [[ -n $LISTEN$HTTPS$DATA ]] && ((!SERVICE)); then
    fail "--listen, --https and --data are for the service." "Add --service, or give them to \"frontdesk serve\"."
  fi
  if [[ -n $PREFIX ]]; then return; fi
  if is_root || ((SERVICE)); then PREFIX=/usr/local; else PREFIX=$HOME/.local; fi
}

set_option() {
  case $1 in
    --prefix) PREFIX=$(absolute_path "$2") ;;
    --data) DATA=$(absolute_path "$2") ;;
    --listen) LISTEN=$2 ;;
    --https) set_https "$2" ;;
    --models)
      case $2 in
        default | small | lite | none) STARTER=$2 ;;
        *) fail "There is no set of models \"$2\"." "Choose default, small, lite or none." ;;
      esac
      ;;
  esac
}

# Everything that could be wrong with this machine or this folder, before anything is changed.
check_machine() {
  heading "Checking"
  [[ $(uname -s) == Linux && $(uname -m) == x86_64 ]] ||
    fail "This package is for Linux on a 64-bit x86 processor; this is $(uname -s) on \"$(uname -m)\"." \
      "Build it from the source on this machine."
  check_processor
  check_glibc
  (cd -- "$REPO" && sha256sum --check --quiet SHA256SUMS) ||
    fail "The files above are not those that were packaged." "Unpack the package again, or fetch it again."
  # Other libraries that it needs are missing on very small systems.
  "$REPO/bin/frontdesk" --version >/dev/null || fail "The program does not run on this machine." \
    "Its own words stand above. If a library is missing, install it: libstdc++ and libgcc come with every C++ compiler," \
    "and as packages of their own (libstdc++6 and libgcc-s1 on Debian, libstdc++ and libgcc on Fedora)."
  say "Processor ($CPU), glibc ($GLIBC or newer) and the files of this package are right."
}

check_processor() {
  local flags missing=() each
  flags=" $(sed -n 's/^flags[^:]*: //p' "$CPUINFO" 2>/dev/null | head -n 1) "
  # A system that shows no processor: the program asks for itself.
  if [[ $flags == '  ' ]]; then return; fi
  for each in $CPU_FLAGS; do
    if [[ $flags != *" $each "* ]]; then missing+=("$each"); fi
  done
  ((${#missing[@]} == 0)) || fail "This package is for processors of $CPU. This one lacks: ${missing[*]}." \
    "Take a package for an older processor, or build it here with ./install.sh of the source."
}

check_glibc() {
  local found
  found=$({ getconf GNU_LIBC_VERSION 2>/dev/null || true; } | awk '{ print $2 }')
  [[ -n $found ]] || fail "This system has no glibc (Alpine?); Frontdesk needs glibc $GLIBC or newer." \
    "Use Debian, Ubuntu, Fedora or another system with glibc, or a container of one."
  version_at_least "$found" "$GLIBC" || fail "This system has glibc $found; Frontdesk needs $GLIBC or newer." \
    "A newer release of this system has it. Otherwise build it here from the source."
}

install_files() {
  heading "The program"
  local file
  while IFS= read -r -d '' file; do install_file "$file"; done < <(cd -- "$REPO" && find bin share -type f -print0 | sort -z)
  say "Installed $("$PREFIX/bin/frontdesk" --version) as $PREFIX/bin/frontdesk"
  case :$PATH: in
    *:"$PREFIX/bin":*) ;;
    *) say "$PREFIX/bin is not in your PATH: add it, or use the full name." ;;
  esac
}

install_file() { # a path in this folder and under the prefix
  local to=$PREFIX/$1 mode=644
  if cmp -s "$REPO/$1" "$to"; then return; fi
  if [[ $1 == bin/* ]]; then mode=755; fi
  with_write_access "${to%/*}" mkdir -p "${to%/*}"
  # Renaming is atomic, and leaves a running program its old file.
  with_write_access "${to%/*}" install -m "$mode" "$REPO/$1" "$to.new"
  with_write_access "${to%/*}" mv -f "$to.new" "$to"
}

get_own_models() {
  if [[ $STARTER == none ]]; then return; fi
  heading "Models"
  "$PREFIX/bin/frontdesk" models get --starter "$STARTER" || fail "The models could not be fetched." \
    "The reason stands above. What was already fetched is kept: run the same command again." \
    "The program is installed; without models it does not answer from documents."
}

main() {
  # shellcheck source=/dev/null
  source "$REPO/packaging/package.env"
  parse_options "$@"
  check_machine
  if ((SERVICE)); then
    require_service_manager
    keep_service_options
  fi
  check_https
  if ((DRY_RUN)); then
    say "Frontdesk $VERSION would go into $PREFIX, with the models \"$STARTER\"."
    print_https_plan
    say "Nothing was changed (--dry-run)."
    return
  fi
  install_files
  if ((SERVICE)); then
    set_up_service
    return
  fi
  get_own_models
  heading "Done"
  say "Start it with:  $PREFIX/bin/frontdesk serve --demo"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
