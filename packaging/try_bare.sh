#!/usr/bin/env bash
# Tries ./install.sh on a machine that has nothing: packaging/try_bare.sh --help
set -Eeuo pipefail

REPO=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
STEPS=(plan packages rust build models answer)

usage() {
  cat <<'USAGE'
Tries the installer on a bare Debian or Ubuntu, in a folder of this machine

  sudo packaging/try_bare.sh [SUITE] [OPTIONS]

SUITE is bookworm (the default), trixie, jammy or noble. debootstrap makes a minimal system of it, which is entered with
namespaces of its own (mounts, processes, host name; the network is this machine's). In it the last commit of this
repository is installed with "./install.sh --yes --lite --no-start".

Options
  --until STEP     plan, packages, rust (the default), build, models or answer: the last installs all of it, serves the demo
                   business and asks it a question (half an hour on two cores)
  --mirror URL     where the system's packages come from   [the mirror that this machine uses]
  --network        Rust comes from the Rust project's server. Without this a server on this machine stands in for it, with
                   the rustup and the toolchain that are here, for networks that do not reach it
  --work DIR       where the systems lie   [/var/tmp/frontdesk-bare]
  --keep           leave the tried system there, to look into it
  --help           this text

Needs root, debootstrap, unshare, git, python3 (3.11 or newer) and, without --network, a rustup with the toolchain that Cargo.toml names.
USAGE
}

fail() {
  printf 'Stopped: %s\n' "$1" >&2
  shift
  if (($#)); then printf '  %s\n' "$@" >&2; fi
  exit 1
}

SUITE=bookworm UNTIL=rust MIRROR='' NETWORK=0 WORK=/var/tmp/frontdesk-bare KEEP=0
SERVER_PID='' ROOT=''

clean_up() {
  if [[ -n $SERVER_PID ]]; then kill "$SERVER_PID" 2>/dev/null || true; fi
  # Its mounts were in a namespace that is gone with its last process.
  if [[ -n $ROOT ]] && ((!KEEP)); then rm -rf --one-file-system -- "$ROOT"; fi
}
trap clean_up EXIT

parse_options() {
  while (($#)); do
    case $1 in
      bookworm | trixie | jammy | noble) SUITE=$1 ;;
      --network) NETWORK=1 ;;
      --keep) KEEP=1 ;;
      --until | --mirror | --work)
        (($# > 1)) || fail "$1 needs a value." "See $0 --help"
        case $1 in --until) UNTIL=$2 ;; --mirror) MIRROR=$2 ;; --work) WORK=$2 ;; esac
        shift
        ;;
      --help | -h) usage; exit 0 ;;
      *) fail "There is no option \"$1\"." "See $0 --help" ;;
    esac
    shift
  done
  [[ " ${STEPS[*]} " == *" $UNTIL "* ]] || fail "There is no step \"$UNTIL\"." "Name one of these: ${STEPS[*]}"
}

require() {
  [[ $(id -u) == 0 ]] || fail "Only root can make and enter a system." "sudo $0 $SUITE"
  local each
  for each in debootstrap unshare git python3; do
    command -v "$each" >/dev/null || fail "$each is not there." "apt-get install debootstrap util-linux git python3"
  done
}

# The one that apt uses here, for the same distribution.
find_mirror() {
  if [[ -n $MIRROR ]]; then return; fi
  local ours theirs=debian
  case $SUITE in jammy | noble) theirs=ubuntu ;; esac
  # shellcheck source=/dev/null
  ours=$(source /etc/os-release && echo "$ID")
  [[ $ours == "$theirs" ]] ||
    fail "This machine's packages are those of $ours; $SUITE belongs to $theirs." "Name a mirror of it with --mirror."
  # shellcheck disable=SC2016 # apt's own variable
  MIRROR=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
  [[ -n $MIRROR ]] || fail "apt names no mirror here." "Run apt-get update, or name one with --mirror."
}

# Made once; each try gets a copy.
make_system() {
  local base=$WORK/$SUITE.base log=$WORK/$SUITE.log
  mkdir -p -- "$WORK"
  if [[ ! -e $base/.complete ]]; then
    echo "-- debootstrap makes a minimal $SUITE (a minute or two)"
    rm -rf --one-file-system -- "$base"
    debootstrap --variant=minbase "$SUITE" "$base" "$MIRROR" >"$log" 2>&1 ||
      fail "debootstrap failed: $(tail -n 1 "$log")" "The whole log: $log"
    touch "$base/.complete"
  fi
  ROOT=$(mktemp -d "$WORK/$SUITE.XXXXXX")
  cp -a --reflink=auto -- "$base/." "$ROOT"
  chmod 755 "$ROOT"
}

copy_into_system() {
  if [[ -n $(git -C "$REPO" status --porcelain --untracked-files=no) ]]; then
    echo "-- what is changed here and not committed is not tried"
  fi
  git clone --quiet --no-hardlinks --depth 1 "file://$REPO" "$ROOT/root/frontdesk"
  cp -- /etc/resolv.conf /etc/hosts "$ROOT/etc/"
  # Authorities that this machine's administrator trusts beside the public ones; the system takes them in with ca-certificates.
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    mkdir -p "$ROOT/usr/local/share/ca-certificates"
    cp -- /usr/local/share/ca-certificates/*.crt "$ROOT/usr/local/share/ca-certificates/"
  fi
  cp -- "$REPO/packaging/bare/inside.sh" "$ROOT/root/"
}

start_rust_server() {
  RUST_SERVER=''
  if ((NETWORK)); then return; fi
  local version said=$WORK/rust_server.said tries=0
  version=$(awk -F'"' '/^rust-version/ { print $2; exit }' "$REPO/Cargo.toml")
  echo "-- a server on this machine stands in for the Rust project's: rustup-init and Rust $version, as they are here"
  rm -f -- "$said"
  python3 "$REPO/packaging/bare/rust_server.py" "$WORK/rust" "$version" >"$said" 2>"$said.log" &
  SERVER_PID=$!
  until [[ -s $said ]]; do
    if ((++tries > 300)) || ! kill -0 "$SERVER_PID" 2>/dev/null; then
      fail "The server did not start: $(tail -n 1 "$said.log")"
    fi
    sleep 1
  done
  RUST_SERVER=$(<"$said")
}

# The system's own namespaces end, with all their mounts, when its last process does.
enter_system() {
  local variables=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" UNTIL="$UNTIL")
  if [[ -n $RUST_SERVER ]]; then
    variables+=(RUSTUP_DIST_SERVER="$RUST_SERVER" RUSTUP_UPDATE_ROOT="$RUST_SERVER/rustup")
  fi
  local settings=${CARGO_HOME:-$HOME/.cargo}/config.toml
  if [[ -e $settings ]]; then
    mkdir -p "$ROOT/root/.cargo"
    touch "$ROOT/root/.cargo/config.toml"
  else
    settings=''
  fi
  # shellcheck disable=SC2016 # the inner shell's own variables
  unshare --mount --uts --ipc --pid --fork --kill-child --propagation private bash -c '
    set -e
    root=$1 settings=$2
    shift 2
    hostname bare
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    if [[ -n $settings ]]; then mount --bind -o ro "$settings" "$root/root/.cargo/config.toml"; fi
    exec chroot "$root" /usr/bin/env -i "$@" bash /root/inside.sh
  ' bash "$ROOT" "$settings" "${variables[@]}" </dev/null
}

parse_options "$@"
require
find_mirror
make_system
copy_into_system
start_rust_server
began=$SECONDS
enter_system
echo
echo "-- $SUITE: \"$UNTIL\" reached after $((SECONDS - began)) s"
if ((KEEP)); then echo "-- it lies in $ROOT"; fi
