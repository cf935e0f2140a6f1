# shellcheck shell=bash
# Speaking, failing, asking, and becoming the administrator. Sourced by install.sh.

TEMPORARY=()
LAST_STEP='starting'

clean_up() {
  local status=$?
  if ((${#TEMPORARY[@]})); then rm -rf -- "${TEMPORARY[@]}"; fi
  return "$status"
}
trap clean_up EXIT
trap 'printf "\nStopped. Run the same command again to go on from there.\n" >&2; exit 130' INT TERM
# Anything that fails without a word of its own must not end in silence.
trap 'printf "\nStopped by an error while: %s (line %s: %s)\n" "$LAST_STEP" "$LINENO" "$BASH_COMMAND" >&2' ERR

say() { printf '%s\n' "$*"; }
warn() { printf 'Note: %s\n' "$*" >&2; }

heading() {
  LAST_STEP=$*
  printf '\n== %s\n' "$*"
}

# fail WHAT-HAPPENED WHAT-TO-DO...
fail() {
  trap - ERR
  printf '\nStopped: %s\n' "$1" >&2
  shift
  if (($#)); then printf '  %s\n' "$@" >&2; fi
  exit 1
}

confirm() { agrees "$1" || fail "Nothing was changed."; }

agrees() { # QUESTION
  if ((YES)); then return; fi
  local answer
  read -r -p "$1 [Y/n] " answer || answer=n
  [[ $answer == '' || $answer == [yYjJ]* ]]
}

temporary_file() { # sets FILE: a subshell could not register it for removal
  FILE=$(mktemp "${TMPDIR:-/tmp}/frontdesk-install.XXXXXX")
  TEMPORARY+=("$FILE")
}

temporary_folder() { # sets FOLDER
  FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/frontdesk-install.XXXXXX")
  TEMPORARY+=("$FOLDER")
}

absolute_path() { # also of what does not exist yet
  case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$PWD" "${1#./}" ;;
  esac
}

has() { command -v "$1" >/dev/null 2>&1; }

is_root() { [[ $(id -u) == 0 ]]; }

can_be_root() {
  is_root && return
  has sudo || return 1
  # Without a terminal sudo could only hang or fail at its question.
  [[ -t 0 ]] || sudo -n true 2>/dev/null
}

as_root() {
  if is_root; then "$@"; else sudo "$@"; fi
}

# with_write_access FOLDER COMMAND...: as the user if that is enough, else as root.
with_write_access() {
  local folder
  folder=$(existing_parent "$1")
  shift
  if [[ -w $folder ]]; then
    "$@"
  elif can_be_root; then
    as_root "$@"
  else
    fail "You may not write into $folder." "Choose another place with --prefix, or run this as root."
  fi
}

# fetch URL FILE: over TLS, also where the address leads on. Only an owner's own mirror may be plain HTTP.
fetch() {
  local protocols='=https'
  if [[ $1 == http://* ]]; then protocols='=http,https'; fi
  if has curl; then
    curl --fail --silent --show-error --location --proto "$protocols" --tlsv1.2 \
      --connect-timeout 20 --speed-limit 1000 --speed-time 60 --retry 2 --output "$2" -- "$1"
  else
    wget --no-verbose --max-redirect=0 --tries=3 --timeout=30 --output-document="$2" -- "$1"
  fi
}

existing_parent() {
  local path=$1
  while [[ ! -e $path ]]; do path=$(dirname -- "$path"); done
  printf '%s' "$path"
}

free_megabytes() { df -Pm -- "$(existing_parent "$1")" | awk 'NR == 2 { print $4 }'; }
mount_of() { df -P -- "$(existing_parent "$1")" | awk 'NR == 2 { print $1 }'; }
used_megabytes() { if [[ -d $1 ]]; then du -sm -- "$1" | cut -f1; else echo 0; fi; }

is_port_taken() { # ADDRESS:PORT
  local host=${1%:*} port=${1##*:}
  host=${host#[}
  host=${host%]}
  case $host in 0.0.0.0 | '*') host=127.0.0.1 ;; ::) host=::1 ;; esac
  (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null
}

# version_at_least 1.96.0 1.95
version_at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }
