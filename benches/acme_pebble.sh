#!/usr/bin/env bash
# Certificates from Let's Encrypt's own test server (pebble, Debian's package of that name), which checks more of the
# protocol than the authority of our tests: it refuses one good nonce in twenty, and really looks names up.
# Needs pebble, pebble-challtestsrv and openssl in PATH, and ports 5001, 5002, 8053, 8055, 14000 and 15000 of loopback.
set -euo pipefail

folder=${TMPDIR:-/tmp}/frontdesk-pebble
rm -rf "$folder"
mkdir -p "$folder"
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$folder"' EXIT

# The authority's own server has to prove who it is as well.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=pebble root" \
  -keyout "$folder/root.key" -out "$folder/root.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=pebble" \
  -keyout "$folder/key.pem" -out "$folder/request.pem" 2>/dev/null
openssl x509 -req -in "$folder/request.pem" -CA "$folder/root.pem" -CAkey "$folder/root.key" -CAcreateserial -days 2 \
  -extfile <(echo "subjectAltName=IP:127.0.0.1") -out "$folder/cert.pem" 2>/dev/null

cat >"$folder/config.json" <<CONFIG
{"pebble": {
  "listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
  "certificate": "$folder/cert.pem", "privateKey": "$folder/key.pem",
  "httpPort": 5002, "tlsPort": 5001, "ocspResponderURL": "", "externalAccountBindingRequired": false
}}
CONFIG

# Every name leads to this machine.
pebble-challtestsrv -dns01 127.0.0.1:8053 -management 127.0.0.1:8055 -http01 "" -https01 "" -tlsalpn01 "" \
  -defaultIPv4 127.0.0.1 -defaultIPv6 "" >"$folder/dns.log" 2>&1 &
PEBBLE_VA_NOSLEEP=1 pebble -config "$folder/config.json" -dnsserver 127.0.0.1:8053 -strict \
  >"$folder/pebble.log" 2>&1 &
for _ in $(seq 50); do
  if curl --silent --cacert "$folder/root.pem" https://127.0.0.1:14000/dir >/dev/null; then break; fi
  sleep 0.1
done

cargo test --locked -p frontdesk-certificates "$@" -- --ignored --nocapture pebble || {
  tail -n 40 "$folder/pebble.log"
  exit 1
}
