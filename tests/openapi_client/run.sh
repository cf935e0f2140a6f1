#!/usr/bin/env bash
# A client that openapi-python-client generates from the document of a server that this script starts and stops: every operation
# under /api/v1 is generated, and some are called.
#
#   tests/openapi_client/run.sh [BINARY]
#
# BINARY is the frontdesk to test; without it, the debug build of this checkout. No model is needed; with
# FRONTDESK_MODELS_DIR the models there are used.
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd -- "$here/../.." && pwd)
binary=${1:-${FRONTDESK:-${CARGO_TARGET_DIR:-$repo/target}/debug/frontdesk}}
cache=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
venv=$cache/venv-openapi-client

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

key=$("$binary" admin key create --name generated --all --json |
  "$python" -c 'import json, sys; print(json.load(sys.stdin)["key"])')
"$binary" serve >"$work/server.log" 2>&1 &
server=$!
for attempt in $(seq 300); do
  "$python" - "http://127.0.0.1:$port/openapi.json" >"$work/openapi.json" 2>/dev/null <<'PY' && break
import sys, urllib.request
sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=2).read().decode())
PY
  ((attempt < 300)) || { echo "the server did not start within a minute" >&2; exit 1; }
  sleep 0.2
done

PATH=$(dirname -- "$python"):$PATH "$python" -m openapi_python_client generate --path "$work/openapi.json" \
  --config "$here/config.yml" --meta none --output-path "$work/frontdesk_client" >"$work/generated.txt" 2>&1 || {
  cat -- "$work/generated.txt" >&2
  exit 1
}
# The part under /v1 has clients of its own.
if grep -A 3 '/api/v1/.*Endpoint will not be generated' "$work/generated.txt" >&2; then
  echo "these operations could not be generated" >&2
  exit 1
fi
echo "warnings of the generator: $(grep -c '^WARNING\|^Unable' "$work/generated.txt" || true)"
PYTHONPATH=$work "$python" "$here/check.py" "http://127.0.0.1:$port" "$key" "$work/openapi.json"
