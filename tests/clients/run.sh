#!/usr/bin/env bash
# Runs the official OpenAI client against a server that this script starts and stops.
#
#   tests/clients/run.sh [BINARY]
#
# BINARY is the frontdesk to test; without it, the debug build of this checkout. The transcript goes
# to standard output. CLIENTS_CHAT_MODEL names another chat model than the small test one. CLIENTS_SUITES=1 also runs the
# tests that the official packages of OpenAI and Anthropic ship (suites/run.sh, with a virtual environment of its own), and
# the agent by Anthropic's client.
# The installer hands over FRONTDESK (the binary) and PYTHON (one with the client installed).
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd -- "$here/../.." && pwd)
binary=${1:-${FRONTDESK:-${CARGO_TARGET_DIR:-$repo/target}/debug/frontdesk}}
cache=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
venv=$cache/venv-openai
requirements=$here/openai_python/requirements.txt

[[ -x $binary ]] || { echo "there is no program at $binary; build it with: cargo build" >&2; exit 2; }

# A virtual environment of its own, made once per set of requirements, unless one is handed over.
python=${PYTHON:-$venv/bin/python}
stamp=$venv/.requirements
if [[ -z ${PYTHON:-} ]] && ! cmp --silent "$requirements" "$stamp" 2>/dev/null; then
  rm -rf -- "$venv"
  mkdir -p -- "$cache"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  cp -- "$requirements" "$stamp"
fi

work=$(mktemp -d)
server=
cleanup() {
  status=$?
  if [[ -n $server ]] && kill -TERM "$server" 2>/dev/null; then
    for _ in $(seq 150); do
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

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base=http://127.0.0.1:$port
export FRONTDESK_LISTEN=127.0.0.1:$port
export FRONTDESK_DATA=$work/data
export FRONTDESK_OPENAI_ALIASES='gpt-3*=default, gpt-4*=default, gpt-5*=default, gpt-6*=default, text-embedding-*=default, claude-*=default, model_id=default'
export FRONTDESK_CHAT_MODEL=${CLIENTS_CHAT_MODEL:-smollm2-135m-instruct}

key=$("$binary" admin key create --name clients --all --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])')

"$binary" serve >"$work/server.log" 2>&1 &
server=$!

ready() { python3 - "$base/readyz" <<'PY'
import sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1], timeout=2).read()
except Exception:
    sys.exit(1)
PY
}
for attempt in $(seq 120); do
  if ready; then break; fi
  kill -0 "$server" 2>/dev/null || { echo "the server ended before it was ready" >&2; exit 1; }
  ((attempt < 120)) || { echo "the server was not ready within two minutes" >&2; exit 1; }
  sleep 1
done

recording=$repo/tests/fixtures/audio/hello.wav
speech=(--audio "$recording" --words hello)
"$python" "$here/openai_python/check.py" "$base" "$key" "${speech[@]}"
"$python" "$here/openai_python/speech.py" "$base" "$key"
"$python" "$here/openai_python/realtime.py" "$base" "$key" "${speech[@]}"
"$python" "$here/agents/agent.py" "$base" "$key"
if [[ -n ${CLIENTS_SUITES:-} ]]; then
  PYTHON='' "$here/suites/run.sh" "$base" "$key" "$recording"
  "$cache/venv-suites/bin/python" "$here/agents/agent.py" "$base" "$key" --anthropic
fi

# The client for Node, where there is a Node to run it.
node_client=$cache/node-openai
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "the client for Node: left out, as there is no node or npm on this machine"
else
  mkdir -p -- "$node_client"
  cp -- "$here/openai_node/realtime.mjs" "$here/agents/agent.mjs" "$node_client/"
  if ! cmp --silent "$here/openai_node/package.json" "$node_client/.installed" 2>/dev/null; then
    cp -- "$here/openai_node/package.json" "$node_client/"
    (cd -- "$node_client" && npm install --silent --no-audit --no-fund --ignore-scripts)
    cp -- "$here/openai_node/package.json" "$node_client/.installed"
  fi
  node "$node_client/realtime.mjs" "$base" "$key" "$recording" hello
  node "$node_client/agent.mjs" "$base" "$key"
fi
