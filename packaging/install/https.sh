# shellcheck shell=bash
# HTTPS: what is checked before anything is changed, and what is told. Sourced by install.sh.
# What holds at last is decided by the program (src/certificates/name.rs, src/app/https.rs).

: "${SETTINGS:=/etc/frontdesk/frontdesk.toml}"
: "${HTTPS_PORT:=443}" "${HTTP_PORT:=80}" # the tests take others
: "${FIRST_OPEN_PORT:=/proc/sys/net/ipv4/ip_unprivileged_port_start}"

# Names that only a local network knows, as in src/certificates/name.rs.
LOCAL_ENDINGS='localhost|local|internal|home\.arpa|lan|home|corp|private|intranet|test|example|invalid'

is_address() { # NAME
  [[ $1 == *:* || $1 =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]]
}

is_local_name() {
  if is_address "$1"; then
    [[ $1 =~ ^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|[fF][cCdD]|[fF][eE]80:|::1$) ]]
  else
    [[ $1 != *.* || $1 =~ (^|\.)($LOCAL_ENDINGS)$ ]]
  fi
}

# Sets HTTPS to names in one spelling, separated by commas.
set_https() { # LIST
  local name given names=()
  IFS=',' read -r -a given <<<"${1//[[:space:]]/}"
  for name in "${given[@]}"; do
    if [[ -z $name ]]; then continue; fi
    name=${name,,}
    name=${name#[}
    name=${name%]}
    name=${name%.}
    check_name "$name"
    names+=("$name")
  done
  ((${#names[@]})) || fail "--https needs a name." "For example: --https desk.example.com"
  local IFS=','
  HTTPS="${names[*]}"
}

check_name() {
  local label rest last=${1##*.} labels
  case $1 in
    */*) fail "\"$1\" is more than a name." "Leave out https:// and everything after the name: --https desk.example.com" ;;
    *'*'*) fail "\"$1\" stands for many names." "Write each name that this server has, separated by commas." ;;
  esac
  if [[ $1 =~ ^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$ ]]; then return; fi
  if [[ $1 == *:* ]]; then
    fail "\"$1\" has a port." "Write the name alone: HTTPS is served on port 443 (other ports: https.listen in the settings)."
  fi
  IFS='.' read -r -a labels <<<"$1"
  if is_address "$1"; then
    for label in "${labels[@]}"; do
      ((10#$label < 256)) || fail "\"$1\" is not an address." "Each of its numbers is at most 255."
    done
    return
  fi
  for label in "${labels[@]}"; do
    # Letters of other scripts are the program's to check.
    rest=$(LC_ALL=C tr -d 'a-z0-9\200-\377-' <<<"$label")
    if ((${#label} < 1 || ${#label} > 63)) || [[ -n $rest || $label == -* || $label == *- ]]; then last=''; fi
  done
  if ((${#1} > 253)) || [[ -z $last || $last =~ ^[0-9]+$ ]]; then
    fail "\"$1\" is no name of a server." "Give it as visitors will type it: --https desk.example.com"
  fi
}

# Whether the service's settings file has a setting: KEY, as in https.KEY
has_https_setting() {
  if [[ ! -r $SETTINGS ]]; then return 1; fi
  awk -v key="$1" '
    /^[[:space:]]*\[/ { inside = ($0 ~ /^[[:space:]]*\[https\]/) }
    $0 ~ "^[[:space:]]*https\\." key "[[:space:]]*=" || (inside && $0 ~ "^[[:space:]]*" key "[[:space:]]*=") { found = 1 }
    END { exit !found }' "$SETTINGS"
}

# Fails before anything is changed, if visitors could not come this way.
check_https() {
  if [[ -z $HTTPS ]]; then return; fi
  if ((!SERVICE)) && ! may_use_ports; then
    fail "HTTPS uses ports $HTTPS_PORT and $HTTP_PORT, which only the administrator may open." \
      "Add --service: as a service Frontdesk may use them. Nothing was changed."
  fi
  choose_certificates
  # What an earlier run was told needs no looking at: an update may be made without a connection.
  if ((${HTTPS_KEPT:-0})); then return; fi
  local name names
  IFS=',' read -r -a names <<<"$HTTPS"
  for name in "${names[@]}"; do check_lookup "$name"; done
  check_https_ports
}

may_use_ports() {
  is_root && return
  local first=1024
  if [[ -r $FIRST_OPEN_PORT ]]; then first=$(<"$FIRST_OPEN_PORT"); fi
  ((first <= HTTP_PORT && first <= HTTPS_PORT))
}

# Sets CERTIFICATES to where they come from: files, acme or private.
choose_certificates() {
  local name names local_names='' public_names=''
  CERTIFICATES=files
  if has_https_setting certificate || has_https_setting mode; then return; fi
  IFS=',' read -r -a names <<<"$HTTPS"
  for name in "${names[@]}"; do
    if is_local_name "$name"; then local_names+=" $name"; else public_names+=" $name"; fi
  done
  CERTIFICATES=private
  if [[ -z $public_names ]]; then return; fi
  CERTIFICATES=acme
  [[ -z $local_names ]] || fail "One certificate cannot be for${public_names} and for${local_names}, which only a local network knows." \
    "Name only one kind. To have an authority of your own vouch for all, set https.mode = \"private\" in the settings."
}

check_lookup() { # NAME
  local found own address
  if is_address "$1" || ! has getent; then return; fi
  found=$({ getent ahosts "$1" || true; } | awk '{ print $1 }' | sort -u)
  if [[ -z $found && $CERTIFICATES == acme ]]; then
    fail "The name $1 leads nowhere yet, so nobody can vouch for it." \
      "Make its DNS entry first (an A or AAAA record with the address of this machine on the internet), then run this again." \
      "Nothing was changed."
  fi
  if [[ -z $found ]]; then
    warn "This machine does not find the name $1. The devices that visit must: by their router, their hosts file, or mDNS (.local)."
    return
  fi
  if ! has hostname || [[ $CERTIFICATES != acme ]]; then return; fi
  own=" $(hostname -I 2>/dev/null || true) "
  while read -r address; do
    if [[ $own == *" $address "* ]]; then return; fi
  done <<<"$found"
  warn "$1 leads to ${found//$'\n'/, }, which is none of this machine's own addresses. Behind a router or a provider's network" \
    "that is usual: ports $HTTPS_PORT and $HTTP_PORT must be sent on to this machine."
}

check_https_ports() {
  # Who runs here already may be Frontdesk itself.
  if has systemctl && systemctl is-active --quiet frontdesk; then return; fi
  if ! has_https_setting listen && is_port_taken "0.0.0.0:$HTTPS_PORT"; then
    fail "Something already listens on port $HTTPS_PORT, which HTTPS needs: perhaps a web server, or a proxy with TLS." \
      "Stop it; or leave out --https and let it be the proxy (README, \"A proxy with TLS\"). Nothing was changed."
  fi
  if ! has_https_setting redirect && is_port_taken "0.0.0.0:$HTTP_PORT"; then
    warn "Something already listens on port $HTTP_PORT: visitors who come with http:// are not sent on to HTTPS."
  fi
}

print_https_plan() {
  if [[ -z $HTTPS ]]; then return; fi
  local by
  case $CERTIFICATES in
    acme) by="a certificate from Let's Encrypt (its terms of service apply: https://letsencrypt.org/repository/)" ;;
    private) by='a certificate of its own authority, which each device must be told once to trust' ;;
    *) by='the certificate that the settings name' ;;
  esac
  say "HTTPS      ${HTTPS//,/, } on port $HTTPS_PORT, with $by"
}

# Such as https://desk.example.com
https_address() {
  local first=${HTTPS%%,*}
  if [[ $first == *:* ]]; then first="[$first]"; fi
  printf 'https://%s' "$first"
}

does_https_answer() {
  if [[ -z $HTTPS ]] || has_https_setting listen; then return; fi
  is_port_taken "0.0.0.0:$HTTPS_PORT"
}

# Whether the service opens a port below 1024, which needs a right. A package's settings may ask for it later.
wants_low_port() {
  if [[ -n ${HTTPS:-} ]] || ((${LOW_PORTS:-0})); then return; fi
  if has_https_setting names; then return; fi
  [[ -n ${LISTEN:-} ]] && ((10#${LISTEN##*:} < 1024))
}
