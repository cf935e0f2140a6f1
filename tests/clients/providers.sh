#!/usr/bin/env bash
# Runs the official clients of Deepgram and OpenAI against our fakes of them, as a check of the fakes.
#
#   tests/clients/providers.sh [BINARY]
#
# BINARY is frontdesk-fakes; without it, it is built (cargo build -p frontdesk-fakes).
# PYTHON names an interpreter with providers/requirements.txt installed; else a virtual environment is made.
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd -- "$here/../.." && pwd)
cache=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
venv=$cache/venv-providers
requirements=$here/providers/requirements.txt

binary=${1:-}
if [[ -z $binary ]]; then
  (cd -- "$repo" && cargo build --quiet --locked -p frontdesk-fakes)
  binary=${CARGO_TARGET_DIR:-$repo/target}/debug/frontdesk-fakes
fi
[[ -x $binary ]] || { echo "there is no program at $binary" >&2; exit 2; }

python=${PYTHON:-$venv/bin/python}
if [[ -z ${PYTHON:-} ]] && ! cmp --silent "$requirements" "$venv/.requirements" 2>/dev/null; then
  rm -rf -- "$venv"
  mkdir -p -- "$cache"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  cp -- "$requirements" "$venv/.requirements"
fi

exec "$python" "$here/providers/check.py" "$binary"
