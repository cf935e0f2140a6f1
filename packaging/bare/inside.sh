# shellcheck shell=bash
# Runs inside the bare system that packaging/try_bare.sh made: shows that it is bare, then installs.
set -euo pipefail

echo "-- inside $(awk -F'"' '/^PRETTY_NAME/ { print $2 }' /etc/os-release); what is not there:"
for command in cc c++ make cmake clang pkg-config rustc cargo rustup python3 pip3 curl wget git sudo systemctl; do
  command -v "$command" >/dev/null || printf ' %s' "$command"
done
echo
echo "-- certificates: $([[ -e /etc/ssl/certs/ca-certificates.crt ]] && echo there || echo none)"

cd /root/frontdesk
install=(./install.sh --yes --lite --no-start)
case $UNTIL in
  plan) "${install[@]}" --dry-run ;;
  answer) "${install[@]}" ;;
  *) "${install[@]}" --until "$UNTIL" ;;
esac

case $UNTIL in
  plan | packages) exit ;;
esac
PATH=$HOME/.cargo/bin:$PATH
export RUSTUP_TOOLCHAIN
RUSTUP_TOOLCHAIN=$(awk -F'"' '/^rust-version/ { print $2; exit }' Cargo.toml)
echo
echo "-- what is there now:"
command -v rustup cargo cc cmake clang python3
rustc --version
cargo --version
echo "-- a program of one line:"
echo 'fn main() { println!("it was built here, and runs"); }' >/tmp/one.rs
rustc -o /tmp/one /tmp/one.rs
/tmp/one
echo "-- the installer again: everything is right and left alone"
./install.sh --yes --lite --no-start --until rust
if [[ $UNTIL != answer ]]; then exit; fi

frontdesk=/usr/local/bin/frontdesk
echo "-- the demo business is served and asked"
"$frontdesk" serve --demo --json --listen 127.0.0.1:0 >/tmp/served 2>/tmp/served.log &
server=$!
trap 'kill "$server" 2>/dev/null || true; tail -n 5 /tmp/served.log' EXIT
tries=0
until [[ -s /tmp/served ]]; do
  ((++tries < 120)) || exit 1
  sleep 1
done
# The documents are read in the background.
for _ in {1..60}; do
  "$frontdesk" ask "Are you open on Saturday?" | tee /tmp/answer
  if grep -q '[0-9]' /tmp/answer; then exit; fi
  sleep 2
done
echo "-- no answer with an hour in it came"
exit 1
