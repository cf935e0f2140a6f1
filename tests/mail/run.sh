#!/usr/bin/env bash
# E-mail against real servers: aiosmtpd for SMTP, pymap for IMAP, on this machine, with a Frontdesk that this script starts
# and stops.
#
#   tests/mail/run.sh [BINARY]
#
# BINARY is the frontdesk to test; without it, the debug build of this checkout. No model is needed.
# The installer hands over FRONTDESK (the binary) and PYTHON (one with requirements.txt installed).
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd -- "$here/../.." && pwd)
binary=${1:-${FRONTDESK:-${CARGO_TARGET_DIR:-$repo/target}/debug/frontdesk}}
cache=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
venv=$cache/venv-mail

[[ -x $binary ]] || { echo "there is no program at $binary; build it with: cargo build" >&2; exit 2; }
command -v openssl >/dev/null || { echo "openssl is needed for the certificates of the servers" >&2; exit 2; }

# A virtual environment of its own, made once per set of requirements, unless one is handed over.
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
servers=''
cleanup() {
  status=$?
  # The mail servers end with their standard input.
  [[ -z $servers ]] || exec 3>&-
  if [[ -n $server ]] && kill -TERM "$server" 2>/dev/null; then
    for _ in $(seq 100); do
      kill -0 "$server" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$server" 2>/dev/null || true
  fi
  wait 2>/dev/null || true
  if ((status != 0)); then
    for log in "$work"/*.log "$work"/mail/*.log; do
      [[ -s $log ]] || continue
      echo "--- the end of ${log##*/}" >&2
      tail -n 40 "$log" >&2
    done
  fi
  rm -rf -- "$work"
}
trap cleanup EXIT

mkdir -- "$work/mail"
mkfifo -- "$work/stop"
"$python" "$here/servers.py" "$work/mail" <"$work/stop" >"$work/servers.log" 2>&1 &
servers=$!
exec 3>"$work/stop"
for attempt in $(seq 150); do
  [[ -e $work/mail/ready.json ]] && break
  kill -0 "$servers" 2>/dev/null || { echo "the mail servers ended" >&2; exit 1; }
  ((attempt < 150)) || { echo "the mail servers did not start within 15 seconds" >&2; exit 1; }
  sleep 0.1
done

read_port() { "$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/mail/ready.json" "$1"; }
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base=http://127.0.0.1:$port
export FRONTDESK_LISTEN=127.0.0.1:$port
export FRONTDESK_DATA=$work/data
# Without models: mail needs none.
export FRONTDESK_MODELS_DIR=$work/models
allow=127.0.0.1:$(read_port implicit),127.0.0.1:$(read_port starttls),127.0.0.1:$(read_port imap)
export FRONTDESK_EGRESS_ALLOW=$allow

key=$("$binary" admin key create --name mail --all --json |
  "$python" -c 'import json, sys; print(json.load(sys.stdin)["key"])')
"$binary" serve >"$work/server.log" 2>&1 3>&- &
server=$!
"$python" "$here/check.py" "$base" "$key" "$work/mail"
