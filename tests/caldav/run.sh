#!/usr/bin/env bash
# Appointments against a real calendar: Radicale on this machine, with a Frontdesk that this script starts and stops.
#
#   tests/caldav/run.sh [BINARY]
#
# BINARY is the frontdesk to test; without it, the debug build of this checkout. No model is needed.
# PYTHON may name a Python with requirements.txt installed.
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd -- "$here/../.." && pwd)
binary=${1:-${FRONTDESK:-${CARGO_TARGET_DIR:-$repo/target}/debug/frontdesk}}
cache=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
venv=$cache/venv-caldav

[[ -x $binary ]] || { echo "there is no program at $binary; build it with: cargo build" >&2; exit 2; }

python=${PYTHON:-$venv/bin/python}
if [[ -z ${PYTHON:-} ]] && ! cmp --silent "$here/requirements.txt" "$venv/.requirements" 2>/dev/null; then
  rm -rf -- "$venv"
  mkdir -p -- "$cache"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  cp -- "$here/requirements.txt" "$venv/.requirements"
fi

work=$(mktemp -d)
server=''
radicale=''
# Ends a process of ours.
end() {
  [[ -n $1 ]] && kill -TERM "$1" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
}
cleanup() {
  status=$?
  end "$server"
  end "$radicale"
  wait 2>/dev/null || true
  if ((status != 0)); then
    for log in "$work"/*.log; do
      [[ -s $log ]] || continue
      echo "--- the end of ${log##*/}" >&2
      tail -n 40 "$log" >&2
    done
  fi
  rm -rf -- "$work"
}
trap cleanup EXIT

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
dav_port=$(free_port)
printf 'anna:secret word\n' >"$work/users"
cat >"$work/radicale.conf" <<CONFIG
[server]
hosts = 127.0.0.1:$dav_port
[auth]
type = htpasswd
htpasswd_filename = $work/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = $work/collections
CONFIG
"$python" -m radicale --config "$work/radicale.conf" >"$work/radicale.log" 2>&1 &
radicale=$!

port=$(free_port)
base=http://127.0.0.1:$port
export FRONTDESK_LISTEN=127.0.0.1:$port
export FRONTDESK_DATA=$work/data
# Without models: calendars need none.
export FRONTDESK_MODELS_DIR=$work/models
export FRONTDESK_EGRESS_ALLOW=127.0.0.1:$dav_port

key=$("$binary" admin key create --name caldav --all --json |
  "$python" -c 'import json, sys; print(json.load(sys.stdin)["key"])')
"$binary" serve >"$work/server.log" 2>&1 &
server=$!
"$python" "$here/check.py" "$base" "$key" "http://127.0.0.1:$dav_port"
