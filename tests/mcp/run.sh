#!/usr/bin/env bash
# The official MCP client for Python against /mcp of a server that this script starts and stops, in both generations of the
# protocol.
#
#   tests/mcp/run.sh [BINARY]
#
# BINARY is the frontdesk to test; without it, the debug build of this checkout. No model is needed; with
# FRONTDESK_MODELS_DIR the models there are used.
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd -- "$here/../.." && pwd)
binary=${1:-${FRONTDESK:-${CARGO_TARGET_DIR:-$repo/target}/debug/frontdesk}}
cache=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
venv=$cache/venv-mcp

[[ -x $binary ]] || { echo "there is no program at $binary; build it with: cargo build" >&2; exit 2; }

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
cleanup() {
  status=$?
  if [[ -n $server ]] && kill -TERM "$server" 2>/dev/null; then
    for _ in $(seq 100); do
      kill -0 "$server" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if ((status != 0)) && [[ -s $work/server.log ]]; then
    echo "--- the end of the server's log" >&2
    tail -n 40 "$work/server.log" >&2
  fi
  rm -rf -- "$work"
}
trap cleanup EXIT

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export FRONTDESK_LISTEN=127.0.0.1:$port
export FRONTDESK_DATA=$work/data
export FRONTDESK_MODELS_DIR=${FRONTDESK_MODELS_DIR:-$work/models}

key=$("$binary" admin key create --name mcp --all --json |
  "$python" -c 'import json, sys; print(json.load(sys.stdin)["key"])')
"$binary" serve >"$work/server.log" 2>&1 &
server=$!
"$python" "$here/check.py" "http://127.0.0.1:$port" "$key"
