#!/usr/bin/env bash
# What is tried in a bare root: inside.sh deb|tarball PACKAGE. Called by enter.sh.
set -euo pipefail

KIND=$1 PACKAGE=$2
QUESTION='How much is a full service?'
ANSWER='95 EUR'
DOCUMENT=/try/prices.csv
STATE=/var/lib/frontdesk
KEY=/etc/frontdesk/frontdesk-key
SERVER=''

trap 'status=$?; if ((status)); then echo "FAILED at line $LINENO: $BASH_COMMAND"; [[ -z $SERVER ]] || kill "$SERVER" || true; fi' EXIT

show() { # prints a command as in a terminal, and runs it
  printf '\n# %s\n' "$*"
  "$@"
}

check() { # WHAT COMMAND...
  if "${@:2}" >/dev/null 2>&1; then echo "ok: $1"; else echo "WRONG: $1"; return 1; fi
}

not() { ! "$@"; }
seconds() { awk '{ print $1 }' /proc/uptime; }
since() { awk -v from="$1" '{ printf "%.1f", $1 - from }' /proc/uptime; }

look_around() {
  show cat /etc/debian_version
  printf '\n# getconf GNU_LIBC_VERSION\n%s\n' "$(getconf GNU_LIBC_VERSION)"
  local name
  for name in cc gcc c++ make cmake clang rustc cargo python3 curl; do check "no $name" not command -v "$name"; done
  check "no network but loopback" test "$(awk -F: 'NR > 2 { gsub(/ /, "", $1); print $1 }' /proc/net/dev)" = lo
}

# serve USER MODELS OPTION...: as the unit does.
serve() {
  printf '\n# frontdesk serve %s   (user %s, models in %s)\n' "${*:3}" "$1" "$2"
  local credentials=/run/credentials
  install -d -m 700 -o "$1" "$credentials"
  # systemd shows the key to the service alone.
  if [[ -e $KEY ]]; then install -m 400 -o "$1" "$KEY" "$credentials/frontdesk-key"; fi
  exec_as "$1" env CREDENTIALS_DIRECTORY="$credentials" FRONTDESK_MODELS_DIR="$2" frontdesk serve "${@:3}" \
    >/tmp/server.log 2>&1 &
  SERVER=$!
  local tries=0
  until (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; do
    if ((++tries > 600)) || ! kill -0 "$SERVER" 2>/dev/null; then
      tail -n 20 /tmp/server.log
      return 1
    fi
    sleep 0.1
  done
}

stop() {
  kill "$SERVER"
  wait "$SERVER" || true
  SERVER=''
}

# exec_as USER COMMAND...: in place of this shell, with the environment that sudo would give.
exec_as() {
  cd /
  exec setpriv --reuid "$1" --regid "$1" --init-groups env -i PATH="$PATH" \
    HOME="$(getent passwd "$1" | cut -d: -f6)" LANG=C.UTF-8 "${@:2}"
}

as() { (exec_as "$@"); }

# ingest USER OPTION...: gives it the document that answers.
ingest() {
  printf '\n# sudo -u %s frontdesk ingest %s %s\n' "$1" "$DOCUMENT" "${*:2}"
  as "$1" frontdesk ingest "$DOCUMENT" "${@:2}"
}

# ask USER OPTION...: until the document that answers has been read.
ask() {
  local tries=0 said=''
  until said=$(as "$1" frontdesk ask "$QUESTION" "${@:2}" 2>&1) && [[ $said == *"$ANSWER"* ]]; do
    if ((++tries > 100)); then
      printf '%s\n' "$said"
      grep -v 'route="/api/v1/ask"' /tmp/server.log | tail -n 30
      return 1
    fi
    sleep 0.2
  done
  printf '\n# sudo -u %s frontdesk ask "%s" %s\n%s\n' "$1" "$QUESTION" "${*:2}" "$said"
}

try_deb() {
  local began after
  began=$(seconds)
  show dpkg -i "$PACKAGE"
  after=$(since "$began")
  check "the program runs" frontdesk --version
  check "the user is there" getent passwd frontdesk
  check "the state belongs to it alone" test "$(stat -c %U:%a "$STATE")" = frontdesk:700
  check "the key is root's alone" test "$(stat -c %U:%a "$KEY")" = root:600
  check "the service is enabled" test -L /etc/systemd/system/multi-user.target.wants/frontdesk.service
  check "there are completions" test -s /usr/share/bash-completion/completions/frontdesk
  check "there are manual pages" test -s /usr/share/man/man1/frontdesk-admin-setup-link.1.gz
  show dpkg -s frontdesk
  local asked
  asked=$(seconds)
  serve frontdesk /models
  ingest frontdesk
  ask frontdesk
  echo "TIME with models: installed in $after s, first answer $(since "$asked") s after the start of the server"
  asked=$(seconds)
  ask frontdesk
  echo "TIME of the next answer: $(since "$asked") s, with the start of the command"
  printf '\n# sudo -u frontdesk frontdesk admin setup-link\n'
  as frontdesk frontdesk admin setup-link
  stop
  # As it is before "models get": it says so, and does what needs none.
  serve frontdesk "$STATE/models"
  printf '\n# sudo -u frontdesk frontdesk ask "Good morning!"\n'
  as frontdesk frontdesk ask "Good morning!"
  stop
  local key
  key=$(sha256sum "$KEY")
  show dpkg -r frontdesk
  check "the program is gone" not test -e /usr/bin/frontdesk
  check "the data are kept" test -s "$STATE/frontdesk.db"
  check "the settings are kept" test -s /etc/frontdesk/frontdesk.toml
  show dpkg -i "$PACKAGE"
  check "the key is the same" test "$(sha256sum "$KEY")" = "$key"
  serve frontdesk /models
  ask frontdesk
  stop
  show dpkg -P frontdesk
  check "the data are gone" not test -e "$STATE"
  check "key and settings are gone" not test -e /etc/frontdesk
  check "nothing of the package is left" not dpkg -L frontdesk
  check "the models outside are untouched" test -n "$(ls -A /models)"
}

try_tarball() {
  show mkdir -p /opt/unpacked
  show tar -xzf "$PACKAGE" -C /opt/unpacked --no-same-owner
  cd /opt/unpacked/*/
  show ./install.sh --dry-run
  local began
  began=$(seconds)
  show ./install.sh --models none
  show useradd --create-home owner
  serve owner /models --data /home/owner/desk
  ingest owner --data /home/owner/desk
  ask owner --data /home/owner/desk
  echo "TIME from ./install.sh to the first answer, with models: $(since "$began") s"
  stop
  show ./install.sh --models none
  echo >>README.md
  check "a changed file is noticed" not ./install.sh --dry-run
  cd /opt/unpacked
  sed 's/^\(flags.*\) ssse3 /\1 /' /proc/cpuinfo >/tmp/cpuinfo
  printf '\n# CPUINFO=/tmp/cpuinfo ./install.sh --dry-run   (a processor without ssse3)\n'
  (cd ./*/ && not env CPUINFO=/tmp/cpuinfo ./install.sh --dry-run)
}

look_around
case $KIND in
  deb) try_deb ;;
  tarball) try_tarball ;;
esac
echo "All of it is right."
