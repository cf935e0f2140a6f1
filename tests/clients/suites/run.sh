#!/usr/bin/env bash
# Runs the tests that the official Python packages of OpenAI and Anthropic ship against a server that runs already.
#
#   tests/clients/suites/run.sh BASE_URL KEY RECORDING.wav [PYTEST OPTION …]
#
# PYTHON names a Python with requirements.txt of this folder; without it a virtual environment is made in the cache. The
# packages' sources come from the package index. What the server refuses is in left_out.toml.
#
# The server needs names for the models that the tests ask for:
#   FRONTDESK_OPENAI_ALIASES='gpt-3*=default, gpt-4*=default, gpt-5*=default, gpt-6*=default, text-embedding-*=default, claude-*=default, model_id=default'
# and for the recordings its multilingual model (whisper-base), since translations need it.
set -Eeuo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
base=${1:?address of the server} key=${2:?API key} recording=${3:?a recording}
shift 3
cache=${FRONTDESK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frontdesk}
venv=$cache/venv-suites
python=${PYTHON:-$venv/bin/python}
if [[ -z ${PYTHON:-} ]] && ! cmp --silent "$here/requirements.txt" "$venv/.requirements"; then
  rm -rf -- "$venv"
  mkdir -p -- "$cache"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  cp -- "$here/requirements.txt" "$venv/.requirements"
fi

# Prints the folder of the sources of a package, at the version that is installed.
sources() {
  local name=$1 version folder
  version=$("$python" -c "import importlib.metadata as m; print(m.version('$name'))")
  folder=$cache/suites/$name-$version
  if [[ ! -d $folder/tests ]]; then
    mkdir -p -- "$cache/suites"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary "$name" \
      --dest "$cache/suites" "$name==$version" >&2
    tar --extract --gzip --directory "$cache/suites" --file "$cache/suites/$name-$version.tar.gz"
  fi
  echo "$folder"
}

status=0
# Runs tests of a package; its base address is $2.
suite() {
  local name=$1 address=$2 folder
  shift 2
  folder=$(sources "$name")
  echo "--- $name"
  # The tests of this folder alone, and not what the package's own settings add (parallel runs).
  (cd -- "$folder" && env SUITE_PACKAGE="$name" SUITE_ROOT="$base" SUITE_KEY="$key" SUITE_RECORDING="$recording" \
    TEST_API_BASE_URL="$address" PYTHONPATH="$here" "$python" -m pytest -p against_frontdesk -o addopts= \
    --tb=short -q -r fs -W default "${options[@]}" "${@/#/tests/api_resources/}") || status=1
}

options=("$@")
suite openai "$base/v1" test_responses.py responses/test_input_items.py responses/test_input_tokens.py \
  test_conversations.py conversations/test_items.py chat/test_completions.py chat/completions/test_messages.py \
  test_completions.py test_embeddings.py test_models.py audio/test_transcriptions.py audio/test_translations.py \
  audio/test_speech.py
options+=(-p tests._alias_httpx)
suite anthropic "$base" test_messages.py test_models.py messages/test_batches.py
exit "$status"
