#!/usr/bin/env bash
# What is tried in a booted system. Started by the unit that packaging/try_service.sh puts there.
exec >/try/said.txt 2>&1
set -euo pipefail

WRONG=0
SOCKET=/var/lib/frontdesk/frontdesk.sock

check() { # WHAT COMMAND...
  if "${@:2}" >/dev/null 2>&1; then echo "ok: $1"; else echo "WRONG: $1"; WRONG=1; fi
}

# Waits for a command to succeed: SECONDS COMMAND...
await() {
  local left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    if ((--left < 0)); then return 1; fi
    sleep 1
  done
}

is_ready() { curl --silent --fail http://127.0.0.1:8080/readyz; }
main_pid() { systemctl show --property MainPID --value frontdesk; }
has_restarted() { [[ $(systemctl show --property NRestarts --value frontdesk) == 1 ]] && is_ready; }
ask() { runuser -u frontdesk -- env FRONTDESK_DATA=/var/lib/frontdesk frontdesk ask "$1"; }
answers() { ask 'How much is a full service?' | tee /try/answer.txt | grep -F '95 EUR'; }
ended_well() { [[ $(systemctl show --property Result --value frontdesk) == success ]]; }

install_it() {
  if [[ -e /try/frontdesk.deb ]]; then dpkg --install /try/frontdesk.deb; else /try/postinst configure; fi
  ln -s /models/* /var/lib/frontdesk/models/
  systemctl restart frontdesk
}

systemctl --version | head -n 1
install_it
check "ready within a minute" await 60 is_ready
systemctl --no-pager status frontdesk | head -n 12
systemd-analyze security frontdesk --no-pager | tail -n 1
check "the workers are held" bash -c '! journalctl -u frontdesk | grep -F "\"connections\":false"'
check "a document is taken" curl --silent --fail --unix-socket "$SOCKET" -F file=@/try/prices.csv http://localhost/api/v1/documents
check "it answers from it" await 60 answers
cat /try/answer.txt
kill -KILL "$(main_pid)"
check "it is back after a crash" await 60 has_restarted
check "it still knows the document" answers
check "it stops" systemctl stop frontdesk
check "and ends well" ended_well
journalctl -u frontdesk --no-pager | grep -iE 'error|denied|panick' || echo "no error in the journal"
if ((WRONG == 0)); then echo 'Everything held.'; fi
