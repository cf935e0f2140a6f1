#!/usr/bin/env bash
# What is tried with the unpacked image, from outside, as an engine would run it: ROOT CONFIGURATION. Called by enter.sh.
set -euo pipefail

ROOT=$1
# The image's own PATH has none.
CHROOT=$(command -v chroot)
mapfile -t VARIABLES < <(python3 -I -c 'import json, sys
print(*json.load(open(sys.argv[1]))["process"]["env"], sep="\n")' "$2")

run() {
  env -i "${VARIABLES[@]}" FRONTDESK_MODELS_DIR=/models "$CHROOT" --userspec=10001:10001 "$ROOT" /usr/bin/frontdesk "$@"
}

cp -- "$(dirname -- "$0")/../../assets/demo/prices.csv" "$ROOT/tmp/"
printf '\n# frontdesk serve   (in the image, user 10001)\n'
run serve >"$ROOT/tmp/server.log" 2>&1 &
tries=0
until (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; do
  if ((++tries > 600)); then
    tail -n 20 "$ROOT/tmp/server.log"
    exit 1
  fi
  sleep 0.1
done
printf '\n# frontdesk ingest /tmp/prices.csv\n'
run ingest /tmp/prices.csv
printf '\n# frontdesk ask "How much is a full service?"\n'
tries=0
# Until the models are loaded.
until said=$(run ask 'How much is a full service?') && [[ $said == *'95 EUR'* ]]; do
  if ((++tries > 100)); then
    printf '%s\n' "$said"
    tail -n 20 "$ROOT/tmp/server.log"
    exit 1
  fi
  sleep 0.2
done
printf '%s\n' "$said"
# The server ends with this shell, which is the first process of its namespace.
echo "All of it is right."
